import type { Engine } from "@altlayer/engine";
import { type Extension, MAX_EXTENSION_CORES } from "@altlayer/mach";
import {
  type Core,
  EMPTY_RANGE,
  type Hex,
  type Keccak256,
  type Message,
  MountainRange,
  type RangePeaks,
  SLICE,
  ZERO_HASH,
} from "@altlayer/protocol";
import type { SealedBlocks } from "./sealed-blocks.ts";

/**
 * How a message goes on with the tip of a signer that has no chain (docs/spec/mach.md, section 14). Whatever no base has
 * released lies above the floor, so all of it is known here, unless the tip is on another branch.
 * @param openLeaves of the block that is being built on that parent
 * @returns `null` where the tip is not below the message, or too far
 */
export async function extensionOf(
  tip: Message,
  { core: high }: Message,
  dependencies: {
    readonly sealed: SealedBlocks;
    readonly engine: Pick<Engine, "transactionLeaves">;
    readonly openLeaves: (parentHash: Hex) => readonly Hex[];
    readonly keccak256: Keccak256;
  },
): Promise<Extension | null> {
  const { sealed, engine, openLeaves, keccak256 } = dependencies;
  const { height, transactionCount } = tip.core;
  const below = high.height > height ? blocksBetween(sealed, { height, parentHash: high.parentHash }) : NOTHING;
  if (below === null) return null;
  const at: Core = below.cores[0] ?? high;
  let prefix: readonly Hex[] = [];
  if (tip.kind === SLICE && at.transactionCount > transactionCount) {
    const isSealed = at.blockHash !== ZERO_HASH;
    const leaves = isSealed ? await engine.transactionLeaves(at.blockHash) : openLeaves(at.parentHash);
    if (!leaves || leaves.length < at.transactionCount) return null;
    const range = new MountainRange({ keccak256 });
    for (const leaf of leaves.slice(0, at.transactionCount)) range.append(leaf);
    prefix = range.prefix(transactionCount);
  }
  return { ...below, prefix };
}

const NOTHING = { history: EMPTY_RANGE, cores: [] as readonly Core[] };

/** The blocks from `height` up to that parent, and the history below them. */
function blocksBetween(
  sealed: SealedBlocks,
  { height, parentHash }: { readonly height: number; readonly parentHash: Hex },
): { readonly history: RangePeaks; readonly cores: readonly Core[] } | null {
  const branch = sealed.branch(parentHash);
  const from = branch?.findIndex((block) => block.height === height) ?? -1;
  if (!branch || from < 0 || branch.length - from > MAX_EXTENSION_CORES) return null;
  const history = branch[from - 1]?.history ?? sealed.floor.history;
  return { history, cores: branch.slice(from).map(({ executed }) => executed.core) };
}
