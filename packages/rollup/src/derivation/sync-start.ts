import type { Heads, Hex } from "@altlayer/engine";
import type { L2BlockRef, PipelineStart, RollupConfig } from "@altlayer/protocol";
import { isPipelineStart, systemConfigFromPayload } from "@altlayer/protocol";
import { RollupError } from "../errors.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { L2Chain } from "./l2-chain.ts";
import type { SafeHeadStore } from "./safe-head-store.ts";

export interface SyncStart {
  readonly unsafe: L2BlockRef;
  readonly safe: L2BlockRef;
  /** Up to which L2 block the record of safe heads holds: later ones name L1 blocks that may be gone. */
  readonly recorded: number;
  readonly pipeline: PipelineStart;
}

/**
 * Where to derive from after a start or an L1 reorg (derivation.md, "Resetting the pipeline", "Finding the sync
 * starting point"): the highest unsafe block whose L1 origin is canonical, the highest block that is known to be
 * derived from canonical L1 data, and the L1 block before which no frame can matter any more.
 *
 * Deviation: the specification walks back a full sequencing window, since it keeps no record. We know from the safe
 * head store which L1 block each safe head was derived from, and walk back a window only where the record ends.
 */
export async function findSyncStart(
  options: { readonly rollup: RollupConfig; readonly heads: Heads },
  dependencies: { readonly l1: L1Reader; readonly l2: L2Chain; readonly store: SafeHeadStore },
): Promise<SyncStart> {
  const { rollup, heads } = options;
  const { l1, l2, store } = dependencies;
  const standing = l1Standing(l1);
  const canonical = async (number: number, hash: Hex) => (await standing(number, hash)) === "canonical";
  const unsafe = await findUnsafe();
  const { safe, derivedFrom } = await findSafe();
  const start = await pipelineStart(safe);
  // Known from the record only: batches that were judged before the safe head was reached are not judged again.
  const pipeline = derivedFrom === null ? start : { ...start, safeHeadDerivedFrom: derivedFrom };
  const recorded = derivedFrom === null ? heads.finalized.number : safe.number;
  return { unsafe: unsafe.number < safe.number ? safe : unsafe, safe, recorded, pipeline };

  /** An origin that the L1 has not reached is plausible: it may be behind, and what was built on it is not given up. */
  async function findUnsafe(): Promise<L2BlockRef> {
    let candidate = await l2.byHash(heads.unsafe.hash);
    for (let block = candidate; ; ) {
      const state = await standing(block.l1Origin.number, block.l1Origin.hash);
      if (state === "canonical") return candidate;
      if (block.number <= heads.finalized.number) throw unsupported(block, state);
      block = await l2.byHash(block.parentHash);
      if (state === "replaced") candidate = block;
    }
  }

  async function findSafe(): Promise<{ safe: L2BlockRef; derivedFrom: number | null }> {
    for (const entry of store.entries.toReversed()) {
      if (entry.l2.number > unsafe.number) continue;
      const block = await l2.byNumber(entry.l2.number).catch(() => null);
      if (block?.hash === entry.l2.hash && (await canonical(entry.l1.number, entry.l1.hash))) {
        return { safe: block, derivedFrom: entry.l1.number };
      }
      if (entry.l2.number <= heads.finalized.number) break;
    }
    // No record: every block whose batch can still be in a canonical window is derived again.
    let safe = unsafe.number < heads.safe.number ? unsafe : await l2.byHash(heads.safe.hash);
    const newest = safe.l1Origin.number;
    while (safe.number > heads.finalized.number && safe.l1Origin.number + rollup.seqWindowSize >= newest) {
      safe = await l2.byHash(safe.parentHash);
    }
    return { safe, derivedFrom: null };
  }

  /** A channel's first frame can lie as far before its last as the channel timeout. */
  async function pipelineStart(safe: L2BlockRef): Promise<PipelineStart> {
    let base = safe;
    for (;;) {
      const { hash, number, parentHash, timestamp } = await l1.headerByHash(base.l1Origin.hash);
      const candidateOrigin = { hash, number, parentHash, timestamp };
      // The first block of its epoch: the system config as of that origin, whatever came later in it.
      if (isPipelineStart(rollup, { candidate: base, candidateOrigin, safeHead: safe })) {
        const payload = await l2.payload(base.number);
        return { origin: candidateOrigin, systemConfig: systemConfigFromPayload(rollup, payload) };
      }
      base = await l2.byHash(base.parentHash);
    }
  }
}

type Standing = "canonical" | "replaced" | "ahead";

/** An L1 that is behind will catch up; one that has another block there is another chain, or broke its finality. */
function unsupported(block: L2BlockRef, state: Standing): RollupError {
  const { number, hash } = block.l1Origin;
  const data = { number, expected: hash };
  if (state === "ahead") {
    const message = `the L1 has not reached block ${number}, which the finalized L2 chain rests on`;
    return new RollupError("L1_BLOCK_NOT_FOUND", message, { severity: "temporary", data });
  }
  const message = `finalized L2 block ${block.number} rests on L1 block ${number} (${hash}), which this L1 does not have: it is not the one that the rollup was derived from`;
  return new RollupError("L1_WRONG_CHAIN", message, { severity: "critical", data });
}

/** How a block stands to the L1's canonical chain; each height is asked for once. */
function l1Standing(l1: L1Reader): (number: number, hash: Hex) => Promise<Standing> {
  const known = new Map<number, Hex | null>();
  return async (number, hash) => {
    let found = known.get(number);
    if (found === undefined) {
      found = (await l1.headerByNumber(number))?.hash ?? null;
      known.set(number, found);
    }
    if (found === null) return "ahead";
    return found === hash ? "canonical" : "replaced";
  };
}
