import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { attachmentQuery, giveMach } from "../../api/attach.ts";
import { rollupQuery } from "../../api/queries.ts";
import type { Attachment, Rollup } from "../../api/types.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";

/** Fast finality for a chain that others run, by operators of the platform's: what it is, or how it is begun. */
export function Mach({
  rollup,
  attachment,
  development,
}: {
  readonly rollup: Rollup;
  readonly attachment: Attachment;
  readonly development: boolean;
}) {
  const team = useTeam();
  const [open, setOpen] = useState(false);
  if (attachment.mach !== null) {
    return (
      <p className="quiet">
        MACH: the platform runs {rollup.mach?.operators.length ?? "its"} operators, which hear of blocks from{" "}
        {attachment.mach.peers.length === 1 ? "one peer" : `${attachment.mach.peers.length} peers`} of the chain.
      </p>
    );
  }
  const possible = development && attachment.findings.some(({ name, ok }) => name === "MACH" && ok === true);
  if (!possible) return null;
  return (
    <>
      <div className="row">
        <Button disabledReason={team.reasonNot("operator")} onClick={() => setOpen(true)}>
          Certify its blocks
        </Button>
        <span className="small quiet">A MACH service, and operators of this platform that execute every block.</span>
      </div>
      {open ? <GiveMach rollup={rollup} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function GiveMach({ rollup, onClose }: { readonly rollup: Rollup; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [genesis, setGenesis] = useState<File>();
  const [peers, setPeers] = useState("");
  const [operators, setOperators] = useState("4");
  const listed = peers.split(/\s+/).filter((peer) => peer !== "");
  const give = useMutation({
    mutationFn: () => giveMach(rollup, { genesis: genesis!, peers: listed, operators: Number(operators) }),
    onSuccess: (changed) => {
      queries.setQueryData(rollupQuery(rollup.teamId, rollup.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: attachmentQuery(rollup.teamId, rollup.id).queryKey });
      onClose();
      toast({ text: `Operators for ${rollup.name} are being started.` });
    },
  });
  const missing =
    genesis === undefined ? "Choose the genesis first." : listed.length === 0 ? "Name a peer first." : undefined;
  return (
    <Dialog
      title={`Certify ${rollup.name}'s blocks?`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" busy={give.isPending} disabledReason={missing} onClick={() => give.mutate()}>
            Make the service
          </Button>
        </>
      }
    >
      <p>
        The service's contracts are deployed on the settlement network, and operators with stake join it. Each derives
        the chain from the settlement network, and signs blocks that its sequencer has signed.
      </p>
      <Field label="genesis.json" hint="The state that the chain begins with. It must make the chain's block 0.">
        {(control) => (
          <input
            {...control}
            className="input"
            type="file"
            accept="application/json,.json"
            onChange={(event) => setGenesis(event.target.files?.[0])}
          />
        )}
      </Field>
      <Field
        label="Peers"
        hint="Multiaddresses of nodes that gossip its blocks, one a line: /ip4/203.0.113.7/tcp/9222/p2p/16Uiu2…"
      >
        {(control) => (
          <textarea
            {...control}
            className="input mono"
            rows={3}
            spellCheck={false}
            value={peers}
            onChange={(event) => setPeers(event.target.value)}
          />
        )}
      </Field>
      <Field label="Operators" hint="Of equal stake; of four, three must sign.">
        {(control) => (
          <input
            {...control}
            className="input"
            type="number"
            min={1}
            max={8}
            value={operators}
            onChange={(event) => setOperators(event.target.value)}
          />
        )}
      </Field>
      {give.isError ? <ErrorNotice error={give.error} title="No service was made" /> : null}
    </Dialog>
  );
}
