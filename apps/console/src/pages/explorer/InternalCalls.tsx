import { useInfiniteQuery } from "@tanstack/react-query";
import type { IndexedCall } from "../../api/explorer.ts";
import { accountCallsQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { addressColumn, blockColumn, etherColumn, transactionColumn } from "./columns.tsx";
import { IndexList } from "./IndexList.tsx";

const KINDS = { call: "call", create: "create", create2: "create2", selfdestruct: "self-destruct" } as const;
const COLUMNS: readonly Column<IndexedCall>[] = [
  transactionColumn(({ transactionHash }) => transactionHash),
  blockColumn(({ blockNumber }) => blockNumber),
  { title: "Kind", cell: ({ kind }) => <span className="badge">{KINDS[kind]}</span> },
  addressColumn("From", ({ from }) => from),
  addressColumn("To", ({ to }) => to),
  etherColumn(({ valueWei }) => BigInt(valueWei)),
];

/** Calls within others' transactions that moved ether from or to an account, or made it. */
export function InternalCalls({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const list = useInfiniteQuery(accountCallsQuery(params.team, params.rollup, address));
  return (
    <IndexList title="Internal calls" empty="No internal calls" list={list}>
      {(items) => (
        <DataTable
          label="Internal calls"
          columns={COLUMNS}
          items={items}
          keyOf={({ transactionHash, position }) => `${transactionHash}-${position}`}
        />
      )}
    </IndexList>
  );
}
