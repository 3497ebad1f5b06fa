import { useInfiniteQuery } from "@tanstack/react-query";
import type { IndexedTransaction } from "../../api/explorer.ts";
import { accountTransactionsQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import { functionName } from "../../chain/decode.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { IndexList } from "./IndexList.tsx";
import type { ListedTransaction } from "./TransactionTable.tsx";
import { TransactionTable } from "./TransactionTable.tsx";

/** An account's transactions, from the explorer's index: a node alone cannot tell them. */
export function AccountTransactions({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const list = useInfiniteQuery(accountTransactionsQuery(params.team, params.rollup, address));
  return (
    <IndexList title="Transactions" empty="No transactions" list={list}>
      {(items) => <TransactionTable label="Transactions" items={items.map(listed)} />}
    </IndexList>
  );
}

export const listed = ({ selector, status, valueWei, ...item }: IndexedTransaction): ListedTransaction => ({
  ...item,
  call: item.to === null ? "creation" : selector === null ? "transfer of ether" : (functionName(selector) ?? selector),
  failed: status === 0,
  valueWei: BigInt(valueWei),
});
