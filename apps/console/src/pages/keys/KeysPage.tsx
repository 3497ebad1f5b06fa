import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { keysQuery, rollupPath } from "../../api/queries.ts";
import type { RoleKey, Rollup } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { formatEther } from "../../chain/format.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import "../rollup/steps.css";
import { Signatures } from "../rollup/Signatures.tsx";
import { useRollup } from "../rollup/use-rollup.ts";

const STATES: Readonly<Record<NonNullable<RoleKey["rotation"]>["state"], string>> = {
  funding: "Needs ether",
  preparing: "Being prepared",
  signature: "Waits for the owner",
  switching: "Going over",
};

/** The accounts that act for the rollup, and their successors. Keys themselves never leave the platform here. */
export function KeysPage() {
  const { rollup, network } = useRollup();
  useTitle(rollup.name, "Keys");
  const query = keysQuery(rollup.teamId, rollup.id);
  const { data, isError, error } = useQuery(query);
  const [wanted, setWanted] = useState<RoleKey>();
  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>Keys</h1>
          <p className="quiet">
            A next key is made first and used once the owner has named it in the contracts; blocks go on all the while,
            and the old key is retired after.
          </p>
        </div>
      </div>
      <Signatures rollup={rollup} network={network} />
      <section className="card" aria-labelledby="keys-title">
        <div className="card-head">
          <h2 id="keys-title">Accounts</h2>
        </div>
        {isError ? (
          <div className="card-body">
            <ErrorNotice error={error} />
          </div>
        ) : data === undefined ? (
          <Loading lines={5} />
        ) : (
          <KeyTable keys={data} onRotate={setWanted} />
        )}
      </section>
      {wanted === undefined ? null : (
        <RotateDialog rollup={rollup} held={wanted} onClose={() => setWanted(undefined)} />
      )}
    </>
  );
}

function KeyTable({
  keys,
  onRotate,
}: {
  readonly keys: readonly RoleKey[];
  readonly onRotate: (key: RoleKey) => void;
}) {
  const team = useTeam();
  const columns: readonly Column<RoleKey>[] = [
    { title: "Role", names: true, cell: ({ role }) => role },
    {
      title: "Address",
      cell: ({ role, address, retired }) => (
        <>
          <Hash value={address} what={`${role}'s address`} />
          {retired.map((old) => (
            <span key={old.address} className="faint step-note">
              before <Hash value={old.address} what={`${role}'s retired address`} /> until{" "}
              <DateTime iso={old.retiredAt} />
            </span>
          ))}
        </>
      ),
    },
    { title: "Since", cell: ({ createdAt }) => <DateTime iso={createdAt} /> },
    {
      title: "Balance",
      number: true,
      cell: ({ balanceWei }) => (balanceWei === null ? "unknown" : `${formatEther(BigInt(balanceWei), 4)} ETH`),
    },
    {
      title: "Next key",
      cell: ({ rotation }) => (rotation === null ? <span className="faint">-</span> : <Next rotation={rotation} />),
    },
    {
      title: "Actions",
      silent: true,
      number: true,
      cell: (held) =>
        held.rotates ? (
          <Button
            size="mini"
            disabledReason={
              team.reasonNot("operator") ?? (held.rotation === null ? undefined : "Its next key is on the way.")
            }
            aria-label={`Replace the ${held.role}'s key`}
            onClick={() => onRotate(held)}
          >
            Replace
          </Button>
        ) : null,
    },
  ];
  return <DataTable label="Accounts" columns={columns} items={keys} keyOf={({ role }) => role} />;
}

const Next = ({ rotation }: { readonly rotation: NonNullable<RoleKey["rotation"]> }) => (
  <>
    <Hash value={rotation.address} what="next address" />{" "}
    <Badge tone={rotation.inUse ? "good" : "warn"}>{rotation.inUse ? "In use" : STATES[rotation.state]}</Badge>
    <span className="faint step-note">{rotation.message}</span>
  </>
);

function RotateDialog(props: { readonly rollup: Rollup; readonly held: RoleKey; readonly onClose: () => void }) {
  const { rollup, held, onClose } = props;
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: () =>
      request(`${rollupPath(rollup.teamId, rollup.id)}/keys/${held.role}/rotate`, { method: "POST", body: {} }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keysQuery(rollup.teamId, rollup.id).queryKey });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      title={`Replace the ${held.role}'s key?`}
      cancel="Keep it"
      confirm="Make the next key"
      failed="Not begun"
      action={run}
      onConfirm={() => run.mutate()}
      onClose={onClose}
    >
      <p>
        The next key is made here, encrypted. The owner of the contracts then signs one transaction that names it.
        {held.role === "proposer" || held.role === "challenger"
          ? " Its address is part of the dispute game's code: a new game takes the old one's place, and games under way go on."
          : ""}
      </p>
    </ConfirmDialog>
  );
}
