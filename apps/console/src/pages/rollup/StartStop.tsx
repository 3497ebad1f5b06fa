import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Play, Square } from "lucide-react";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Rollup } from "../../api/types.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";

const UNSTARTABLE: Partial<Record<Rollup["phase"], string>> = {
  launching: "It is being launched.",
  waiting: "It is being launched.",
  stopping: "It is stopping.",
  destroying: "It is being removed.",
  destroyed: "It was removed.",
  exported: "It was exported: it never sequences here again.",
};

const STOPPED =
  "No blocks are made while it is stopped, and its RPC does not answer. Nothing is lost: a start goes on where the stop was. Users can still force transactions in through the settlement chain.";

/** Stops a running rollup after asking, starts a stopped one. */
export function StartStop({ rollup }: { readonly rollup: Rollup }) {
  const team = useTeam();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const stops = rollup.desired === "running";
  const act = useMutation({
    mutationFn: (verb: "stop" | "start") =>
      request<Rollup>(`${rollupPath(rollup.teamId, rollup.id)}/${verb}`, { method: "POST", body: {} }),
    onSuccess: (changed, verb) => {
      queries.setQueryData(rollupQuery(rollup.teamId, rollup.id).queryKey, changed);
      setAsking(false);
      toast({ text: verb === "stop" ? `${rollup.name} is stopping.` : `${rollup.name} is starting.` });
    },
  });
  const reason = team.reasonNot("operator") ?? UNSTARTABLE[rollup.phase];
  if (!stops) {
    return (
      <div className="stack tight">
        <Button tone="primary" disabledReason={reason} busy={act.isPending} onClick={() => act.mutate("start")}>
          <Play size={14} aria-hidden="true" />
          Start
        </Button>
        {act.isError ? <ErrorNotice error={act.error} /> : null}
      </div>
    );
  }
  return (
    <>
      <Button disabledReason={reason} onClick={() => setAsking(true)}>
        <Square size={12} aria-hidden="true" />
        Stop
      </Button>
      {asking ? (
        <ConfirmDialog
          title={`Stop ${rollup.name}?`}
          cancel="Keep it running"
          confirm="Stop"
          tone="danger"
          failed="Not stopped"
          action={act}
          onConfirm={() => act.mutate("stop")}
          onClose={() => setAsking(false)}
        >
          <p>
            {rollup.kind === "attached"
              ? "The chain goes on without us. While it is stopped here, nobody looks at it: no explorer, no alarms, no certificates of the platform's operators."
              : STOPPED}
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}
