import { useQuery } from "@tanstack/react-query";
import type { Finality } from "../../chain/finality.ts";
import { LEVELS, levelNames } from "../../chain/finality.ts";
import { formatDuration } from "../../chain/format.ts";
import { finalityQuery, headsQuery, levelOfBlock } from "../../chain/heads.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import "../rollup/ladder.css";

/**
 * The ladder of one block or transaction, with the time each rung took from the first. Where the node knows no MACH, the
 * rungs come from the heads alone.
 */
export function FinalityRungs(props: { readonly id: string; readonly blockNumber: number | null }) {
  const { rpc, heads: options } = useRollup();
  const heads = useQuery(headsQuery(rpc, options));
  const finality = useQuery(finalityQuery(rpc, options.key, props.id));
  const rungs = rungsOf(finality.data ?? null, props.blockNumber, heads.data ?? null);
  const first = rungs.find(({ at }) => at !== undefined)?.at;
  return (
    <section className="card" aria-labelledby="rungs-title">
      <div className="card-head">
        <h2 id="rungs-title">Finality</h2>
        {finality.data?.heldBack ? <span className="badge bad">Held back by an alert</span> : null}
      </div>
      <ol className="rungs">
        {rungs.map(({ level, title, reached, at, who }) => (
          <li key={level} className={reached ? `reached at-${level}` : undefined}>
            <strong>{title}</strong>
            <span className="small quiet">
              {reached
                ? at === undefined || first === undefined
                  ? "reached"
                  : at === first
                    ? "first seen"
                    : `+${formatDuration(at - first)}`
                : "not yet"}
            </span>
            {who === undefined ? null : <span className="small faint">{who}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

interface Rung {
  readonly level: string;
  readonly title: string;
  readonly reached: boolean;
  readonly at: number | undefined;
  readonly who: string | undefined;
}

type HeadsData = Parameters<typeof levelOfBlock>[0];

export function rungsOf(
  finality: Finality | null,
  blockNumber: number | null,
  heads: HeadsData | null,
): readonly Rung[] {
  if (finality !== null) {
    return LEVELS.map(({ level, title }) => {
      const told = finality.levels.find((each) => each.level === level);
      return {
        level,
        title,
        reached: told?.reached ?? false,
        at: told?.at ?? undefined,
        who: told?.by ? vouchersOf(told.by) : undefined,
      };
    });
  }
  const highest = heads === null || blockNumber === null ? null : levelOfBlock(heads, blockNumber);
  const rank = highest === null ? -1 : levelNames.indexOf(highest);
  // Without operators there are no certificates to wait for.
  return LEVELS.filter(({ level }) => level !== "sliceCertificate" && level !== "blockCertificate").map(
    ({ level, title }) => ({ level, title, reached: levelNames.indexOf(level) <= rank, at: undefined, who: undefined }),
  );
}

/** Who vouches, as far as the node's answer is understood. */
function vouchersOf(by: Readonly<Record<string, unknown>>): string | undefined {
  if (Array.isArray(by.operators)) return `${by.operators.length} operators`;
  const l1 = by.l1Block ?? by.l1;
  if (typeof l1 === "object" && l1 !== null && "number" in l1) return `L1 block ${Number(l1.number)}`;
  if (typeof by.sequencer === "string") return "sequencer";
  return undefined;
}
