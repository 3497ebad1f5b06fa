import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { rollupPath, snapshotsQuery } from "../../api/queries.ts";
import type { Rollup, Snapshot } from "../../api/types.ts";
import { formatBytes, formatInteger } from "../../chain/format.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { toast } from "../../ui/toast.ts";

const COLUMNS: readonly Column<Snapshot>[] = [
  { title: "Block", names: true, number: true, cell: ({ blockNumber }) => formatInteger(blockNumber) },
  { title: "Taken", cell: ({ takenAt }) => <DateTime iso={takenAt} /> },
  { title: "Size", number: true, cell: ({ bytes }) => formatBytes(bytes) },
  {
    title: "Rehearsed",
    cell: ({ rehearsedAt }) =>
      rehearsedAt === null ? <span className="faint">never</span> : <DateTime iso={rehearsedAt} />,
  },
];

/** The snapshots that a restore would begin from, newest first. */
export function Snapshots({ rollup }: { readonly rollup: Rollup }) {
  const team = useTeam();
  const queries = useQueryClient();
  const query = snapshotsQuery(rollup.teamId, rollup.id);
  const { data, isError, error } = useQuery(query);
  const take = useMutation({
    mutationFn: () =>
      request<{ blockNumber: number }>(`${rollupPath(rollup.teamId, rollup.id)}/snapshot`, {
        method: "POST",
        body: { block: "safe" },
      }),
    onSuccess: ({ blockNumber }) => toast({ text: `Snapshot of block ${formatInteger(blockNumber)} written.` }),
    onSettled: () => queries.invalidateQueries({ queryKey: query.queryKey }),
  });
  const reason =
    team.reasonNot("operator") ?? (rollup.phase === "running" ? undefined : "The rollup does not run: start it first.");
  return (
    <section className="card" aria-labelledby="snapshots-title">
      <div className="card-head">
        <h2 id="snapshots-title">Snapshots</h2>
        <Button size="mini" disabledReason={reason} busy={take.isPending} onClick={() => take.mutate()}>
          Take one
        </Button>
      </div>
      {isError || take.isError ? (
        <div className="card-body">
          <ErrorNotice error={take.error ?? error} />
        </div>
      ) : null}
      {data === undefined ? null : data.length === 0 ? (
        <Empty title="No snapshots">The chain can be derived from the settlement network alone; it takes longer.</Empty>
      ) : (
        <DataTable label="Snapshots" columns={COLUMNS} items={data} keyOf={({ file }) => file} />
      )}
    </section>
  );
}
