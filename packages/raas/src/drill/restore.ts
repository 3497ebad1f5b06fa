import { RaasError } from "../errors.ts";
import { type Call, rpcBatch } from "../rpc-batch.ts";
import type { Hex } from "../spec/primitives.ts";
import { startCopy } from "./copy-node.ts";
import type { Drill } from "./drill.ts";
import { snapshotFor, waitFor } from "./drill.ts";

interface SyncStatus {
  readonly safe_l2: { readonly number: number };
}

/** Blocks that are compared at most, the newest of those derived: each commits to all before it. */
const COMPARED_MAX = 1_000;
const BATCH = 50;

/**
 * A copy of the chain is started from a snapshot and nothing else, derives what came after from the settlement network,
 * and must come to the blocks that the original has.
 */
export const restoreDrill: Drill = async (context) => {
  const { rollup, network, rpcUrl, files, snapshots, directory, step, signal, log } = context;
  const snapshot = await snapshotFor(context);
  const target = await waitFor(
    "a safe block after the snapshot's",
    async () => {
      const [sync] = (await rpcBatch(rpcUrl, [["optimism_syncStatus", []]])) as [SyncStatus | null];
      return sync !== null && sync.safe_l2.number > snapshot.blockNumber ? sync.safe_l2.number : null;
    },
    signal,
  );
  const copy = await step("Start a copy from it", async (detail) => {
    const node = await startCopy(
      {
        directory,
        snapshot: { file: snapshots.path(rollup.id, snapshot.file), blockHash: snapshot.blockHash },
        files,
        network,
        l1Url: network.rpcUrl,
        trustL1: network.development,
      },
      { log },
    );
    context.atEnd(() => node.close());
    detail(`state of block ${snapshot.blockNumber} checked against its root`);
    return node;
  });
  await step("Derive the rest from the settlement network", async (detail) => {
    await waitFor(
      `block ${target} of the copy`,
      async () => (copy.engine.heads().safe.number >= target ? true : null),
      signal,
    );
    detail(`${target - snapshot.blockNumber} blocks, up to ${target}`);
  });
  const compared = await step("Compare with the original", async (detail) => {
    const first = Math.max(snapshot.blockNumber, target - COMPARED_MAX + 1);
    const numbers = Array.from({ length: target - first + 1 }, (_, index) => first + index);
    for (let at = 0; at < numbers.length; at += BATCH) {
      const slice = numbers.slice(at, at + BATCH);
      const theirs = (await rpcBatch(
        rpcUrl,
        slice.map((number): Call => ["eth_getBlockByNumber", [`0x${number.toString(16)}`, false]]),
      )) as ({ readonly hash: Hex } | null)[];
      for (const [index, number] of slice.entries()) {
        const ours = await copy.engine.payloadByNumber(number);
        if (ours?.blockHash === theirs[index]?.hash) continue;
        throw new RaasError("DRILL_FAILED", `block ${number} of the copy is not the original's`, {
          details: { number, copy: ours?.blockHash ?? null, original: theirs[index]?.hash ?? null },
        });
      }
    }
    detail(`${numbers.length} blocks, equal to the last bit`);
    return numbers.length;
  });
  await snapshots.rehearsed(rollup.id, snapshot.file);
  return `A copy started from the snapshot of block ${snapshot.blockNumber} came to block ${target} by itself; ${compared} blocks are the original's.`;
};
