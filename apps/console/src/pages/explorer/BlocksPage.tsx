import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useTitle } from "../../app/use-title.ts";
import { blocksDownFrom, useRecentBlocks } from "../../chain/blocks.ts";
import { LEVELS } from "../../chain/finality.ts";
import { formatCompact, formatGwei, formatInteger } from "../../chain/format.ts";
import type { Heads } from "../../chain/heads.ts";
import { headsQuery, levelOfBlock } from "../../chain/heads.ts";
import type { Block } from "../../chain/shapes.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { Ago } from "../../ui/Time.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import "../rollup/ladder.css";
import "./explorer.css";
import { Activity } from "./Activity.tsx";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { ExplorerTabs } from "./ExplorerTabs.tsx";

const PAGE = 25;

/** Blocks, newest first: live at the head, still further down (`?from=`). */
export function BlocksPage() {
  const { rollup, params, rpc, heads: headsOptions } = useRollup();
  const { from } = useSearch({ from: "/member/teams/$team/rollups/$rollup/explorer" });
  const running = rollup.endpoints !== null;
  const heads = useQuery({ ...headsQuery(rpc, headsOptions), enabled: running });
  const recent = useRecentBlocks(rpc, headsOptions.key, from === undefined ? heads.data?.latest : undefined, PAGE);
  const older = useQuery({
    queryKey: ["chain", headsOptions.key, "blocks", from],
    enabled: running && from !== undefined,
    queryFn: () => blocksDownFrom(rpc, from ?? 0, PAGE),
  });
  useTitle("Blocks", rollup.name);
  const blocks = from === undefined ? recent : (older.data ?? []);
  const last = blocks.at(-1);
  const to = "/teams/$team/rollups/$rollup/explorer" as const;
  const newest = heads.data?.latest.number;

  if (!running) {
    return (
      <>
        <h1>Explorer</h1>
        <div className="card">
          <Empty title="The rollup is not running">Its blocks are shown as soon as its node answers.</Empty>
        </div>
      </>
    );
  }
  return (
    <>
      <ExplorerHead title="Blocks">
        <p className="quiet">
          {newest === undefined ? "" : `${formatInteger(newest + 1)} blocks`}
          {from === undefined ? ", live" : ""}
        </p>
      </ExplorerHead>
      <ExplorerTabs />
      {from === undefined ? <Activity /> : null}
      {heads.isError ? <ErrorNotice error={heads.error} title="The rollup's node does not answer" /> : null}
      {older.isError ? <ErrorNotice error={older.error} /> : null}
      <div className="card">
        {blocks.length === 0 && !heads.isError ? (
          <Loading lines={8} label="Reading the blocks" />
        ) : (
          <DataTable label="Blocks" columns={columnsOf(heads.data ?? null)} items={blocks} keyOf={({ hash }) => hash} />
        )}
      </div>
      <nav className="row" aria-label="Pages">
        {from === undefined ? null : (
          <Link to={to} params={params} className="button">
            Newest
          </Link>
        )}
        {from === undefined || newest === undefined || from >= newest ? null : (
          <Link to={to} params={params} search={{ from: Math.min(newest, from + PAGE) }} className="button">
            Newer
          </Link>
        )}
        {last === undefined || last.number === 0 ? null : (
          <Link to={to} params={params} search={{ from: last.number - 1 }} className="button">
            Older
          </Link>
        )}
      </nav>
    </>
  );
}

const columnsOf = (heads: Heads | null): readonly Column<Block>[] => [
  { title: "Block", names: true, cell: ({ number }) => <BlockLink number={number} /> },
  { title: "Age", className: "quiet", cell: ({ timestamp }) => <Ago ms={timestamp * 1000} /> },
  {
    title: "Finality",
    className: "nowrap",
    cell: ({ number }) => {
      const level = heads === null ? null : levelOfBlock(heads, number);
      return (
        <>
          <span className={`rung reached at-${level}`} aria-hidden="true" />
          {LEVELS.find((rung) => rung.level === level)?.title ?? "Open"}
        </>
      );
    },
  },
  { title: "Transactions", number: true, cell: ({ transactions }) => formatInteger(transactions.length) },
  {
    title: "Gas used",
    number: true,
    cell: ({ gasUsed, gasLimit }) => (
      <>
        {formatCompact(Number(gasUsed))}
        <span className="faint"> {((Number(gasUsed) / Number(gasLimit || 1n)) * 100).toFixed(1)}%</span>
      </>
    ),
  },
  {
    title: "Base fee",
    number: true,
    cell: ({ baseFeePerGas }) => (baseFeePerGas === undefined ? "-" : `${formatGwei(baseFeePerGas)} gwei`),
  },
  { title: "Hash", cell: ({ hash }) => <Hash value={hash} what="block hash" /> },
];
