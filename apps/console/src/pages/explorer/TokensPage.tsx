import { useInfiniteQuery } from "@tanstack/react-query";
import { indexedTokensQuery } from "../../api/explorer.ts";
import { useTitle } from "../../app/use-title.ts";
import { plainText } from "../../chain/format.ts";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { ExplorerTabs } from "./ExplorerTabs.tsx";
import { IndexList } from "./IndexList.tsx";
import "./explorer.css";

/** Every token that was ever moved on the rollup. */
export function TokensPage() {
  const { params, rollup } = useRollup();
  const list = useInfiniteQuery(indexedTokensQuery(params.team, params.rollup));
  useTitle("Tokens", rollup.name);
  return (
    <>
      <ExplorerHead title="Tokens">
        <p className="quiet">Names are what contracts say of themselves. Anyone can make a token with any name.</p>
      </ExplorerHead>
      <ExplorerTabs />
      <IndexList title="Ever moved" empty="No tokens yet" list={list}>
        {(items) => (
          <TableScroll label="Tokens">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Symbol</th>
                  <th scope="col">Contract</th>
                  <th scope="col">Kind</th>
                  <th scope="col" className="number">
                    First seen
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((token) => (
                  <tr key={token.address}>
                    <th scope="row" className="breakable">
                      {token.name === null ? <span className="quiet">unnamed</span> : plainText(token.name)}
                    </th>
                    <td>{token.symbol === null ? "" : plainText(token.symbol)}</td>
                    <td>
                      <Hash value={token.address} what="token's address" to="address" />
                    </td>
                    <td>{token.kind === "erc20" ? "ERC-20" : "ERC-721"}</td>
                    <td className="number">
                      <BlockLink number={token.firstSeenBlock} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
        )}
      </IndexList>
    </>
  );
}
