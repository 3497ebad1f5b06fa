import { useInfiniteQuery } from "@tanstack/react-query";
import { accountTransactionsQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import { functionName } from "../../chain/decode.ts";
import { formatEther } from "../../chain/format.ts";
import { Button } from "../../ui/Button.tsx";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AddressLink } from "./AddressLink.tsx";

/** An account's transactions, from the explorer's index: a node alone cannot tell them. */
export function AccountTransactions({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const list = useInfiniteQuery(accountTransactionsQuery(params.team, params.rollup, address));
  const pages = list.data?.pages ?? [];
  if (pages[0] === null) return null;
  const items = pages.flatMap((page) => page?.items ?? []);
  return (
    <section className="card" aria-labelledby="account-transactions">
      <div className="card-head">
        <h2 id="account-transactions">Transactions</h2>
      </div>
      {list.isError ? (
        <div className="card-body">
          <ErrorNotice error={list.error} />
        </div>
      ) : list.isPending ? (
        <Loading lines={3} />
      ) : items.length === 0 ? (
        <Empty title="No transactions" />
      ) : (
        <TableScroll label="Transactions">
          <table>
            <thead>
              <tr>
                <th scope="col">Transaction</th>
                <th scope="col">Block</th>
                <th scope="col">Call</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" className="number">
                  Value
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={item.hash}>
                  <th scope="row">
                    <Hash value={item.hash} what="transaction hash" to="transaction" />
                  </th>
                  <td>
                    <BlockLink number={item.blockNumber} />
                  </td>
                  <td>
                    <span className="row">
                      <code>
                        {item.selector === null ? "transfer of ether" : (functionName(item.selector) ?? item.selector)}
                      </code>
                      {item.status === 0 ? <span className="badge bad">failed</span> : null}
                      {item.deposit ? <span className="badge">deposit</span> : null}
                    </span>
                  </td>
                  <td>
                    <AddressLink address={item.from} />
                  </td>
                  <td>
                    {item.to !== null ? (
                      <AddressLink address={item.to} />
                    ) : item.created !== null ? (
                      <AddressLink address={item.created} />
                    ) : null}
                  </td>
                  <td className="number">{formatEther(BigInt(item.valueWei))} ETH</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
      {list.hasNextPage ? (
        <div className="card-body">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Older
          </Button>
        </div>
      ) : null}
    </section>
  );
}
