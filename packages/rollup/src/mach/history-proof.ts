import type { Engine } from "@altlayer/engine";
import {
  type Core,
  type Hex,
  historyLeaf,
  type InclusionProof,
  inclusionRanges,
  type Keccak256,
  type MachDigests,
  prefixRanges,
  prefixRoots,
  type RollupConfig,
  rootOfInclusion,
} from "@altlayer/protocol";
import { executedCore } from "./core.ts";
import type { SealedBlocks } from "./sealed-blocks.ts";
import type { KnownHistory, SettledHistory } from "./settled-history.ts";

/** A block in the history of a later one: docs/spec/mach.md, section 3, "Inclusion". */
export interface HistoryProof {
  readonly core: Core;
  readonly inclusion: InclusionProof;
}

export interface HistoryProver {
  readonly engine: Engine;
  readonly rollup: RollupConfig;
  readonly history: SettledHistory;
  /** The blocks above it, forks included. */
  readonly sealed: SealedBlocks;
  readonly digests: MachDigests;
  readonly keccak256: Keccak256;
}

/**
 * Proves the block at `height` under the history root of `high`, whose own block need not be known: its parent must be, on
 * the canonical chain or on a fork of it above what is settled.
 * @returns `null` for blocks of chains that are not known here; "damaged" where the nodes on disk contradict each other
 */
export async function proveHistory(
  high: Core,
  height: number,
  prover: HistoryProver,
): Promise<HistoryProof | "damaged" | null> {
  const { history, sealed, digests, keccak256 } = prover;
  const { first } = history;
  if (first === null) return null;
  const index = height - first.height - 1;
  const size = high.height - first.height - 1;
  if (index < history.unknown || index >= size) return null;
  const isSettled = high.height - 1 <= sealed.floor.height;
  const branch = isSettled ? [] : sealed.branch(high.parentHash);
  if (branch === null) return null;
  // As they are now: the floor may rise while the nodes are read.
  const above = { size: history.size, leaves: branch.map(({ leaf }) => leaf) };
  const settled = { size: history.size, root: history.root };
  const root = (from: number, to: number): Promise<Hex> => history.rangeRoot(from, to, above);

  // Of a history that is not this chain's nothing can be proved, whichever part of it is asked for.
  if ((await root(0, size)) !== high.historyRoot) {
    return size < settled.size && !(await isPrefix(size, settled, root, keccak256)) ? "damaged" : null;
  }
  const known = branch.find(({ executed }) => executed.core.height === height);
  const core = known?.executed.core ?? (await settledCore(height, await root(0, index), prover));
  if (core === null) return null;
  const path: Hex[] = [];
  let directions = 0n;
  for (const { from, to, left } of inclusionRanges(index, size)) {
    if (left) directions |= 1n << BigInt(path.length);
    path.push(await root(from, to));
  }
  const inclusion = { path, directions };
  const leaf = historyLeaf(digests.core(core), keccak256);
  return rootOfInclusion(leaf, inclusion, keccak256) === high.historyRoot ? { core, inclusion } : "damaged";
}

/** Whether the nodes below `count` lead to the root that is known: else it is they that are wrong. */
async function isPrefix(
  count: number,
  settled: { readonly size: number; readonly root: Hex },
  root: (from: number, to: number) => Promise<Hex>,
  keccak256: Keccak256,
): Promise<boolean> {
  const nodes: Hex[] = [];
  for (const { from, to } of prefixRanges(count, settled.size)) nodes.push(await root(from, to));
  return prefixRoots({ count, size: settled.size, nodes }, keccak256).whole === settled.root;
}

/** The history of the canonical chain up to that block, as another node may go on with it; `null` where it is not known. */
export async function historyUpTo(
  height: number,
  { history, sealed }: Pick<HistoryProver, "history" | "sealed">,
): Promise<KnownHistory | null> {
  const { first, hashAt } = history;
  const size = first === null ? -1 : height - first.height;
  const top = height <= sealed.floor.height ? null : sealed.at(height)?.core.blockHash;
  const branch = top ? sealed.branch(top) : [];
  if (first === null || size < 0 || top === undefined || branch === null) return null;
  const above = { size: history.size, leaves: branch.map(({ leaf }) => leaf) };
  const [peaks, hash] = await Promise.all([history.peaks(size, above), top ?? hashAt(height)]);
  return peaks && hash && { first, last: { height, hash }, peaks: [...peaks] };
}

/** Made again from the block that the engine keeps. */
async function settledCore(height: number, historyRoot: Hex, { engine, rollup, keccak256 }: HistoryProver) {
  const payload = await engine.payloadByNumber(height, { brief: true });
  return payload && executedCore(rollup, { payload, historyRoot }, { engine, keccak256 });
}
