import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Rollup } from "../../api/types.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { toast } from "../../ui/toast.ts";
import "../../form/form.css";

const IMPOSSIBLE: Partial<Record<Rollup["phase"], string>> = {
  launching: "It is being launched.",
  destroying: "It is being removed.",
  destroyed: "It was removed.",
  exported: "It was exported: it never sequences here again.",
};

/** For a rollup whose data are lost or damaged. */
export function Restore({ rollup }: { readonly rollup: Rollup }) {
  const team = useTeam();
  const [open, setOpen] = useState(false);
  const reason =
    team.reasonNot("operator") ??
    (rollup.restoring ? "It is being restored." : undefined) ??
    (rollup.readyAt === null ? "It was not launched yet." : IMPOSSIBLE[rollup.phase]);
  return (
    <section className="card" aria-labelledby="restore-title">
      <div className="card-head">
        <h2 id="restore-title">Restore</h2>
      </div>
      <div className="spec-field">
        <div className="stack tight">
          <h3>Lost or damaged data</h3>
          <p className="quiet">
            What is left of the node's data is put aside. The node starts from the newest snapshot that is whole, or
            from the genesis, derives the rest from the settlement network, and only then makes blocks again.
          </p>
        </div>
        <div>
          <Button tone="danger" disabledReason={reason} busy={rollup.restoring} onClick={() => setOpen(true)}>
            Restore
          </Button>
        </div>
      </div>
      {open ? <RestoreDialog rollup={rollup} onClose={() => setOpen(false)} /> : null}
    </section>
  );
}

function RestoreDialog({ rollup, onClose }: { readonly rollup: Rollup; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () =>
      request<Rollup>(`${rollupPath(rollup.teamId, rollup.id)}/restore`, {
        method: "POST",
        body: { confirm: rollup.name },
      }),
    onSuccess: (changed) => {
      queries.setQueryData(rollupQuery(rollup.teamId, rollup.id).queryKey, changed);
      toast({ text: `${rollup.name} is being restored.` });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Restore ${rollup.name}?`}
      confirm="Put aside and restore"
      tone="danger"
      typed={rollup.name}
      failed="Not restored"
      action={run}
      onConfirm={() => run.mutate()}
      onClose={onClose}
    >
      <p>
        Blocks that have not reached the settlement network yet may be lost, and with them what users did there. Do this
        only when the node's data cannot be used.
      </p>
    </ConfirmDialog>
  );
}
