import { useInfiniteQuery } from "@tanstack/react-query";
import { accountTransfersQuery, tokenTransfersQuery } from "../../api/explorer.ts";
import type { Hex } from "../../api/types.ts";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AddressLink } from "./AddressLink.tsx";
import { IndexList } from "./IndexList.tsx";
import { TokenAmount } from "./TokenAmount.tsx";

/** Transfers of a token, or of all tokens from and to an account. */
export function Transfers({ address, of }: { readonly address: Hex; readonly of: "token" | "account" }) {
  const { params } = useRollup();
  const query = of === "token" ? tokenTransfersQuery : accountTransfersQuery;
  const list = useInfiniteQuery(query(params.team, params.rollup, address));
  return (
    <IndexList title="Token transfers" empty="No token transfers" list={list}>
      {(items) => (
        <TableScroll label="Token transfers">
          <table>
            <thead>
              <tr>
                <th scope="col">Block</th>
                <th scope="col">Transaction</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" className="number">
                  Amount
                </th>
                <th scope="col">Token</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <tr key={`${item.transactionHash}-${item.logIndex}`}>
                  <td>
                    <BlockLink number={item.blockNumber} />
                  </td>
                  <td>
                    <Hash value={item.transactionHash} what="transaction hash" to="transaction" />
                  </td>
                  <td>
                    <AddressLink address={item.from} />
                  </td>
                  <td>
                    <AddressLink address={item.to} />
                  </td>
                  <td className="number">
                    {item.kind === "erc20" ? (
                      <TokenAmount token={item.token} amount={BigInt(item.value)} />
                    ) : (
                      `#${item.value}`
                    )}
                  </td>
                  <td>
                    <AddressLink address={item.token} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </IndexList>
  );
}
