import type { SlashedOperator } from "@altlayer/sdk";
import { useQuery } from "@tanstack/react-query";
import { formatInteger, formatUnits, plainText } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { slashesQuery } from "../../staking/queries.ts";
import { Badge } from "../../ui/Badge.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { WEIGHT_DECIMALS } from "./ServiceFigures.tsx";

/** Who contradicted itself, and what it lost. */
export function Slashes({ restaking }: { readonly restaking: Restaking }) {
  const { data, error } = useQuery(slashesQuery(restaking));
  // The set's strategies in ascending order: so the slasher names what it took.
  const strategies = restaking.service.strategies.toSorted((a, b) =>
    a.strategy.toLowerCase() < b.strategy.toLowerCase() ? -1 : 1,
  );
  const columns: readonly Column<SlashedOperator>[] = [
    {
      title: "Operator",
      names: true,
      cell: ({ operator }) => <Hash value={operator} what="operator's address" />,
    },
    { title: "Fault", cell: ({ faultId }) => <Hash value={faultId} what="fault's id" /> },
    { title: "Convicted in L1 block", number: true, cell: ({ convictedAt }) => formatInteger(convictedAt) },
    {
      title: "Slashed in",
      number: true,
      cell: ({ slashedAt }) => (slashedAt === null ? <Badge tone="warn">Not yet</Badge> : formatInteger(slashedAt)),
    },
    {
      title: "Lost",
      number: true,
      cell: ({ shares }) =>
        shares.map((lost, i) => (
          <div key={strategies[i]?.strategy ?? i} className="nowrap">
            {formatUnits(lost, strategies[i]?.decimals ?? WEIGHT_DECIMALS, 4)}{" "}
            {plainText(strategies[i]?.symbol ?? "", 12)}
          </div>
        )),
    },
  ];
  return (
    <section className="card" aria-labelledby="slashes-title">
      <div className="card-head">
        <h2 id="slashes-title">Slashes</h2>
        {data === undefined ? null : (
          <span className="small quiet">since L1 block {formatInteger(data.fromBlock)}</span>
        )}
      </div>
      {error !== null ? (
        <div className="card-body">
          <ErrorNotice error={error} />
        </div>
      ) : data === undefined ? (
        <Loading lines={1} />
      ) : data.slashes.length === 0 ? (
        <Empty title="Nobody was slashed">An operator that signs two contradictory results appears here.</Empty>
      ) : (
        <DataTable label="Slashes" columns={columns} items={data.slashes} keyOf={({ operator }) => operator} />
      )}
    </section>
  );
}
