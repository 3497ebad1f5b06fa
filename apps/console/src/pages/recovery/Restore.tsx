import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Rollup } from "../../api/types.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";

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
  const [typed, setTyped] = useState("");
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
    <Dialog
      title={`Restore ${rollup.name}?`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            tone="danger"
            busy={run.isPending}
            disabledReason={typed === rollup.name ? undefined : "Type the rollup's name first."}
            onClick={() => run.mutate()}
          >
            Put aside and restore
          </Button>
        </>
      }
    >
      <p>
        Blocks that have not reached the settlement network yet may be lost, and with them what users did there. Do this
        only when the node's data cannot be used.
      </p>
      <Field label={`Type ${rollup.name} to confirm`}>
        {(control) => (
          <input
            {...control}
            className="input"
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </Field>
      {run.isError ? <ErrorNotice error={run.error} title="Not restored" /> : null}
    </Dialog>
  );
}
