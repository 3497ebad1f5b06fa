import { useInfiniteQuery } from "@tanstack/react-query";
import type { IndexedToken } from "../../api/explorer.ts";
import { indexedTokensQuery } from "../../api/explorer.ts";
import { useTitle } from "../../app/use-title.ts";
import { plainText } from "../../chain/format.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { ExplorerTabs } from "./ExplorerTabs.tsx";
import { IndexList } from "./IndexList.tsx";
import "./explorer.css";

const COLUMNS: readonly Column<IndexedToken>[] = [
  {
    title: "Name",
    names: true,
    className: "breakable",
    cell: ({ name }) => (name === null ? <span className="quiet">unnamed</span> : plainText(name)),
  },
  { title: "Symbol", className: "breakable", cell: ({ symbol }) => (symbol === null ? null : plainText(symbol)) },
  {
    title: "Contract",
    cell: ({ address }) => <Hash value={address} what="token's address" to="address" />,
  },
  { title: "Kind", cell: ({ kind }) => (kind === "erc20" ? "ERC-20" : "ERC-721") },
  { title: "First seen", number: true, cell: ({ firstSeenBlock }) => <BlockLink number={firstSeenBlock} /> },
];

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
        {(items) => <DataTable label="Tokens" columns={COLUMNS} items={items} keyOf={({ address }) => address} />}
      </IndexList>
    </>
  );
}
