import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { rollupPath, rollupsQuery } from "../../api/queries.ts";
import type { Rollup } from "../../api/types.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { toast } from "../../ui/toast.ts";
import "../../form/form.css";
import { downloadExport } from "./download-export.ts";

const PASSWORD_MIN = 12;

/** Leaving: take everything along, or take the rollup down. A chain that others run is let go, and goes on. */
export function Remove({ rollup }: { readonly rollup: Rollup }) {
  const team = useTeam();
  const [open, setOpen] = useState<"export" | "destroy">();
  const close = () => setOpen(undefined);
  const attached = rollup.kind === "attached";
  return (
    <section className="card" aria-labelledby="leave-title">
      <div className="card-head">
        <h2 id="leave-title">Leave</h2>
      </div>
      {attached ? null : (
        <div className="spec-field">
          <div className="stack tight">
            <h3>Export</h3>
            <p className="quiet">
              Configuration, encrypted keys, addresses, genesis and a snapshot: all it takes to run this rollup without
              us. Our sequencer is fenced first, so that two never sign.
            </p>
          </div>
          <div>
            <Button disabledReason={team.reasonNot("owner")} onClick={() => setOpen("export")}>
              Export
            </Button>
          </div>
        </div>
      )}
      <div className="spec-field">
        <div className="stack tight">
          <h3>{attached ? "Detach" : "Remove"}</h3>
          <p className="quiet">
            {attached
              ? "Forgets the chain: its explorer, its alarms, and operators that this platform runs for it. The chain goes on."
              : "Stops the rollup for good and deletes what this platform holds of it. Its contracts and data on the settlement network stay."}
          </p>
        </div>
        <div>
          <Button tone="danger" disabledReason={team.reasonNot("owner")} onClick={() => setOpen("destroy")}>
            {attached ? "Detach" : "Remove"}
          </Button>
        </div>
      </div>
      {open === "export" ? <ExportDialog rollup={rollup} onClose={close} /> : null}
      {open === "destroy" ? <DestroyDialog rollup={rollup} onClose={close} /> : null}
    </section>
  );
}

interface DialogProps {
  readonly rollup: Rollup;
  readonly onClose: () => void;
}

function ExportDialog({ rollup, onClose }: DialogProps) {
  const [password, setPassword] = useState("");
  const run = useMutation({
    mutationFn: () => downloadExport(rollup, password),
    onSuccess: () => {
      onClose();
      toast({ text: "Exported. This platform does not sequence the rollup any more." });
    },
  });
  const short = password.length < PASSWORD_MIN ? `The password needs at least ${PASSWORD_MIN} characters.` : undefined;
  return (
    <ConfirmDialog
      title={`Export ${rollup.name}?`}
      confirm="Fence and export"
      disabledReason={short}
      failed="Not exported"
      action={run}
      onConfirm={() => run.mutate()}
      onClose={onClose}
    >
      <p>From this moment no blocks are made here. Start the rollup elsewhere with the instructions in the archive.</p>
      <Field
        label="Password for the keys"
        hint="It encrypts the keystores in the archive. We do not keep it: without it the keys are lost."
      >
        {(control) => (
          <input
            {...control}
            className="input"
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
    </ConfirmDialog>
  );
}

function DestroyDialog({ rollup, onClose }: DialogProps) {
  const attached = rollup.kind === "attached";
  const navigate = useNavigate();
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () =>
      request<Rollup>(rollupPath(rollup.teamId, rollup.id), { method: "DELETE", body: { confirm: rollup.name } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: rollupsQuery(rollup.teamId).queryKey });
      toast({ text: `${rollup.name} is being ${attached ? "detached" : "removed"}.` });
      await navigate({ to: "/teams/$team", params: { team: rollup.teamId } });
    },
  });
  return (
    <ConfirmDialog
      title={`${attached ? "Detach" : "Remove"} ${rollup.name}?`}
      cancel="Keep it"
      confirm={attached ? "Detach it" : "Remove for good"}
      tone="danger"
      typed={rollup.name}
      failed="Not removed"
      action={run}
      onConfirm={() => run.mutate()}
      onClose={onClose}
    >
      <p>
        {attached
          ? "It can be attached again, and is indexed anew then."
          : "Users lose the RPC. Whoever wants to go on must have the export. This cannot be undone."}
      </p>
    </ConfirmDialog>
  );
}
