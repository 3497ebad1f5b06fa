import { useInfiniteQuery } from "@tanstack/react-query";
import { accountTransactionsQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import { functionName } from "../../chain/decode.ts";
import { formatEther } from "../../chain/format.ts";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AddressLink } from "./AddressLink.tsx";
import { IndexList } from "./IndexList.tsx";

/** An account's transactions, from the explorer's index: a node alone cannot tell them. */
export function AccountTransactions({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const list = useInfiniteQuery(accountTransactionsQuery(params.team, params.rollup, address));
  return (
    <IndexList title="Transactions" empty="No transactions" list={list}>
      {(items) => (
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
    </IndexList>
  );
}
