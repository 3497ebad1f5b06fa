import { queryOptions } from "@tanstack/react-query";
import type { Level } from "./finality.ts";
import { Finality, MachHead, rankOf } from "./finality.ts";
import type { Rpc } from "./rpc.ts";
import { isMethodMissing } from "./rpc-error.ts";
import { Block, hex, PendingBlock } from "./shapes.ts";

const HEADS_MS = 1_000;

export interface Heads {
  readonly latest: Block;
  /** The block that is being built, of which slices are out; null where none are. */
  readonly open: { readonly number: number; readonly transactionCount: number } | null;
  readonly safe: Block | null;
  readonly finalized: Block | null;
  /** null: this rollup's node knows no MACH. */
  readonly mach: { readonly certifiedNumber: number | null; readonly newest: Finality | null } | null;
  /** Newest block below the output root that the settlement chain holds as its anchor; null where it is unknown. */
  readonly settledNumber: number | null;
}

export interface HeadsOptions {
  /** Names the rollup in the cache. */
  readonly key: string;
  /** The settlement chain's registry of settled roots. */
  readonly anchor: { readonly l1: Rpc; readonly registry: string; readonly portal: string } | null;
}

const orNull = <Result>(promise: Promise<Result>): Promise<Result | null> =>
  promise.catch((error: unknown) => {
    if (isMethodMissing(error)) return null;
    throw error;
  });

/** All heads of the ladder, read in one batch, once a second while somebody looks. */
export const headsQuery = (rpc: Rpc, options: HeadsOptions) =>
  queryOptions({
    queryKey: ["chain", options.key, "heads"],
    refetchInterval: HEADS_MS,
    queryFn: async (): Promise<Heads | null> => {
      const block = (tag: string) => rpc.call("eth_getBlockByNumber", [tag, false], Block);
      const [latest, pending, safe, finalized, head, newest, settledNumber] = await Promise.all([
        block("latest"),
        rpc.call("eth_getBlockByNumber", ["pending", false], PendingBlock).catch(() => null),
        // A node whose derivation has not begun has no safe block yet, and may say so by an error.
        block("safe").catch(() => null),
        block("finalized").catch(() => null),
        orNull(rpc.call("mach_getHead", [], MachHead)),
        rpc.call("mach_getFinality", ["latest"], Finality).catch(() => null),
        options.anchor === null ? null : settledHead(options.anchor).catch(() => null),
      ]);
      if (latest === null) return null;
      return {
        latest,
        open:
          pending === null || (pending.number ?? 0) <= latest.number
            ? null
            : { number: pending.number ?? latest.number + 1, transactionCount: pending.transactions.length },
        safe,
        finalized,
        mach: head === null ? null : { certifiedNumber: head.certified?.number ?? null, newest },
        settledNumber,
      };
    },
  });

/** `respectedGameType()` of OptimismPortal2 and `anchors(uint32)` of AnchorStateRegistry. */
export const RESPECTED_GAME_TYPE = "0x3c9f397c";
export const ANCHORS = "0x7258a807";
const WORD = 64;

async function settledHead({ l1, registry, portal }: NonNullable<HeadsOptions["anchor"]>): Promise<number | null> {
  const gameType = await l1.call("eth_call", [{ to: portal, data: RESPECTED_GAME_TYPE }, "latest"], hex);
  const anchor = await l1.call("eth_call", [{ to: registry, data: ANCHORS + gameType.slice(2) }, "latest"], hex);
  const block = anchor.slice(2 + WORD, 2 + 2 * WORD);
  return block.length === WORD ? Number(BigInt(`0x${block}`)) : null;
}

/** The newest block at each rung; undefined where the rung says nothing of blocks yet. */
export function headAt(heads: Heads, level: Level): number | undefined {
  switch (level) {
    case "slice":
      return heads.open?.number ?? heads.latest.number;
    case "block":
      return heads.latest.number;
    case "sliceCertificate":
      return heads.mach === null ? undefined : Math.max(heads.mach.certifiedNumber ?? -1, certifiedSliceOf(heads));
    case "blockCertificate":
      return heads.mach?.certifiedNumber ?? undefined;
    case "safe":
      return heads.safe?.number;
    case "finalized":
      return heads.finalized?.number;
    case "settled":
      return heads.settledNumber ?? undefined;
  }
}

/** -1 when the newest block has no certified slice. */
function certifiedSliceOf({ mach, latest }: Heads): number {
  const rung = mach?.newest?.levels.find(({ level }) => level === "sliceCertificate");
  return rung?.reached === true ? (mach?.newest?.blockNumber ?? latest.number) : -1;
}

/** The highest rung that block `number` stands on. */
export function levelOfBlock(heads: Heads, number: number): Level | null {
  const reached = (level: Level) => (headAt(heads, level) ?? -1) >= number;
  return (["settled", "finalized", "safe", "blockCertificate", "block"] as const).find(reached) ?? null;
}

/** `mach_getFinality` of a block or transaction; null where the node knows no MACH or not the id. */
export const finalityQuery = (rpc: Rpc, key: string, id: string) =>
  queryOptions({
    queryKey: ["chain", key, "finality", id],
    queryFn: () =>
      rpc.call("mach_getFinality", [id], Finality).catch((error: unknown) => {
        if (isMethodMissing(error)) return null;
        throw error;
      }),
    // The top of the ladder changes no more.
    refetchInterval: (query) => (rankOf(query.state.data?.level ?? null) === rankOf("settled") ? false : HEADS_MS),
  });
