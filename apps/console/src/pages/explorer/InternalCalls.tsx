import { useInfiniteQuery } from "@tanstack/react-query";
import { accountCallsQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import { formatEther } from "../../chain/format.ts";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AddressLink } from "./AddressLink.tsx";
import { IndexList } from "./IndexList.tsx";

const KINDS = { call: "call", create: "create", create2: "create2", selfdestruct: "self-destruct" } as const;

/** Calls within others' transactions that moved ether from or to an account, or made it. */
export function InternalCalls({ address }: { readonly address: Hex }) {
  const { params } = useRollup();
  const list = useInfiniteQuery(accountCallsQuery(params.team, params.rollup, address));
  return (
    <IndexList title="Internal calls" empty="No internal calls" list={list}>
      {(items) => (
        <TableScroll label="Internal calls">
          <table>
            <thead>
              <tr>
                <th scope="col">Transaction</th>
                <th scope="col">Block</th>
                <th scope="col">Kind</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" className="number">
                  Value
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={`${item.transactionHash}-${item.position}`}>
                  <th scope="row">
                    <Hash value={item.transactionHash} what="transaction hash" to="transaction" />
                  </th>
                  <td>
                    <BlockLink number={item.blockNumber} />
                  </td>
                  <td>
                    <span className="badge">{KINDS[item.kind]}</span>
                  </td>
                  <td>
                    <AddressLink address={item.from} />
                  </td>
                  <td>
                    <AddressLink address={item.to} />
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
