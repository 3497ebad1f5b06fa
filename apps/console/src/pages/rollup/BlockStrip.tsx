import { Link, useParams } from "@tanstack/react-router";
import { LEVELS } from "../../chain/finality.ts";
import { formatCompact, formatInteger } from "../../chain/format.ts";
import type { Heads } from "../../chain/heads.ts";
import { levelOfBlock } from "../../chain/heads.ts";
import type { Block } from "../../chain/shapes.ts";

/** Bars keep this height in percent, so that an empty block is seen. */
const FLOOR = 12;
const titleOf = (level: string | null): string => LEVELS.find((rung) => rung.level === level)?.title ?? "Open";

/** The newest blocks, oldest left. Gas is drawn relative to the fullest of them: a quiet chain shows its shape too. */
export function BlockStrip({ blocks, heads }: { readonly blocks: readonly Block[]; readonly heads: Heads }) {
  const { team = "", rollup = "" } = useParams({ strict: false });
  // Gas fits a number: a block holds far less than 2^53.
  const most = Math.max(1, ...blocks.map(({ gasUsed }) => Number(gasUsed)));
  const oldestFirst = [...blocks].reverse();
  return (
    <>
      <ul className="strip" aria-label={`Newest ${blocks.length} blocks by gas used and finality`}>
        {oldestFirst.map((block) => {
          const level = levelOfBlock(heads, block.number);
          const label = `Block ${formatInteger(block.number)}: ${block.transactions.length} transactions, ${formatCompact(Number(block.gasUsed))} gas, ${titleOf(level)}`;
          return (
            <li key={block.number}>
              <Link
                to="/teams/$team/rollups/$rollup/explorer/blocks/$block"
                params={{ team, rollup, block: String(block.number) }}
                className={level === null ? "" : `at-${level}`}
                aria-label={label}
                title={label}
                tabIndex={-1}
              >
                <span style={{ height: `${FLOOR + (Number(block.gasUsed) / most) * (100 - FLOOR)}%` }} />
              </Link>
            </li>
          );
        })}
      </ul>
      <div className="strip-legend">
        {LEVELS.filter(({ level }) => level !== "slice" && level !== "sliceCertificate").map(({ level, title }) => (
          <span key={level}>
            <span className={`rung reached at-${level}`} aria-hidden="true" />
            {title}
          </span>
        ))}
      </div>
    </>
  );
}
