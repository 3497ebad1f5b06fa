import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import { RaasError } from "../errors.ts";
import type { Network } from "../networks.ts";
import type { ChainFiles } from "../runtime/chain-files.ts";
import type { SnapshotRecord, Snapshots } from "../snapshots/snapshots.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { IsolatedL1 } from "./isolated-l1.ts";

/** What a drill works with. Of the real rollup it may read, and have a snapshot written. */
export interface DrillContext {
  readonly rollup: RollupRecord;
  readonly spec: RollupSpec;
  readonly network: Network;
  /** JSON-RPC of the real rollup's node. */
  readonly rpcUrl: string;
  readonly contracts: Readonly<Record<string, Hex>>;
  readonly files: ChainFiles;
  readonly snapshots: Snapshots;
  /** Of the drill alone; removed afterwards. */
  readonly directory: string;
  /** A copy of the settlement network as it is now. @throws RaasError `DRILL_UNAVAILABLE` */
  isolateL1(): Promise<IsolatedL1>;
  /** Ends what was started for the drill, in mirror order. */
  atEnd(close: () => Promise<void>): void;
  /** A part of the drill: recorded with its times. `detail` is what is worth saying of it. */
  step<T>(title: string, work: (detail: (text: string) => void) => Promise<T>): Promise<T>;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Rehearses, and says what is proved. @throws whatever shows that it does not work */
export type Drill = (context: DrillContext) => Promise<string>;

const WAIT_MS = 10 * 60_000;
const POLL_MS = 100;

/** Asks until there is an answer. @throws RaasError `DRILL_FAILED` after ten minutes */
export async function waitFor<T>(what: string, ask: () => Promise<T | null>, signal: AbortSignal): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new RaasError("DRILL_FAILED", `${what} did not come within ten minutes`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** The newest snapshot that is whole, or else one of now. */
export async function snapshotFor({ rollup, snapshots, step }: DrillContext): Promise<SnapshotRecord> {
  return await step("Find a snapshot", async (detail) => {
    const kept = await snapshots.newestIntact(rollup.id);
    const snapshot = kept ?? (await snapshots.take(rollup.id, "safe"));
    detail(`block ${snapshot.blockNumber}, ${kept === null ? "taken for this" : "kept by the platform"}`);
    return snapshot;
  });
}
