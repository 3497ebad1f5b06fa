import { useInfiniteQuery } from "@tanstack/react-query";
import type { IndexedTransfer } from "../../api/explorer.ts";
import { accountTransfersQuery, tokenTransfersQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { addressColumn, blockColumn, transactionColumn } from "./columns.tsx";
import { IndexList } from "./IndexList.tsx";
import { TokenAmount } from "./TokenAmount.tsx";

const COLUMNS: readonly Column<IndexedTransfer>[] = [
  transactionColumn(({ transactionHash }) => transactionHash),
  blockColumn(({ blockNumber }) => blockNumber),
  addressColumn("From", ({ from }) => from),
  addressColumn("To", ({ to }) => to),
  {
    title: "Amount",
    number: true,
    cell: ({ kind, token, value }) =>
      kind === "erc20" ? <TokenAmount token={token} amount={BigInt(value)} /> : `#${value}`,
  },
  addressColumn("Token", ({ token }) => token),
];

/** Transfers of a token, or of all tokens from and to an account. */
export function Transfers({ address, of }: { readonly address: Hex; readonly of: "token" | "account" }) {
  const { params } = useRollup();
  const query = of === "token" ? tokenTransfersQuery : accountTransfersQuery;
  const list = useInfiniteQuery(query(params.team, params.rollup, address));
  return (
    <IndexList title="Token transfers" empty="No token transfers" list={list}>
      {(items) => (
        <DataTable
          label="Token transfers"
          columns={COLUMNS}
          items={items}
          keyOf={({ transactionHash, logIndex }) => `${transactionHash}-${logIndex}`}
        />
      )}
    </IndexList>
  );
}
