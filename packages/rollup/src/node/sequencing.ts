import type { Engine, ExecutionPayload } from "@altlayer/engine";
import { derivationParameters, type L1Block, type RollupConfig } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { L1Data } from "../derivation/l1-data.ts";
import type { L2Chain } from "../derivation/l2-chain.ts";
import { RollupError } from "../errors.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { Logger } from "../log.ts";
import type { Mutex } from "../mutex.ts";
import { IdleGate } from "../sequencer/idle-gate.ts";
import { SequencingLease } from "../sequencer/lease.ts";
import { OriginSelector } from "../sequencer/origin-selector.ts";
import { Sequencer, type SequencerDependencies } from "../sequencer/sequencer.ts";
import { WindowGuard } from "../sequencer/window-guard.ts";
import type { SliceWitness } from "../slices/slice-follower.ts";
import { keccakBytes, smallest } from "./support.ts";

export interface Sequencing {
  readonly sequencer: Sequencer;
  readonly windowGuard: WindowGuard;
  readonly lease: SequencingLease | null;
  /** Of a chain that rests while nobody uses it. */
  readonly idle: IdleGate | null;
  close(): void;
}

/** A block that is begun is finished: it takes this many block times at most, and a lease must last as long. */
const LEASED_BLOCKS = 2;

/** The sequencer with what holds it back: the sequencing window, and the lease. Not started. */
export function makeSequencing(
  options: { readonly config: NonNullable<NodeConfig["sequencer"]>; readonly rollup: RollupConfig },
  dependencies: {
    readonly engine: Engine;
    readonly driver: DerivationDriver;
    readonly l1: L1Reader;
    readonly l1Data: L1Data;
    readonly l2: L2Chain;
    readonly watcher: HeadWatcher;
    readonly headLock: Mutex;
    readonly clock: Clock;
    readonly log: Logger;
    readonly batcherThrottle: () => number | null;
    readonly witness: Pick<SliceWitness, "opening" | "signed"> | null;
    readonly recover: SequencerDependencies["recover"];
    readonly publish: ((payload: ExecutionPayload) => Promise<void>) | null;
    /** Somebody listens for new blocks. */
    readonly watched: () => boolean;
  },
): Sequencing {
  const {
    confirmations,
    signer: _signer,
    window,
    lease: leased,
    standby: _standby,
    others: _others,
    idleMs,
    ...settings
  } = options.config;
  const { rollup } = options;
  const { engine, driver, l1, l1Data, l2, watcher, headLock, clock, log, batcherThrottle, witness, recover, publish } =
    dependencies;
  requireShortRest(idleMs, rollup);
  const origins = new OriginSelector({ rollup, confirmations, maxWaitMs: 400 }, { l1, l1Data, watcher, clock, log });
  const { throttledBlockBytes, ...thresholds } = window;
  const windowGuard = new WindowGuard(
    { rollup, thresholds, throttledBlockBytes },
    { heads: () => engine.heads(), l1, l2, watcher, clock, log },
  );
  const blockMs = rollup.blockTime * 1000;
  if (leased && leased.ttlMs < 3 * LEASED_BLOCKS * blockMs) {
    throw new RollupError(
      "CONFIG_INVALID",
      `sequencer.lease.ttlMs must be at least ${3 * LEASED_BLOCKS * blockMs} with blocks of ${rollup.blockTime} s`,
      { severity: "critical", data: { ttlMs: leased.ttlMs } },
    );
  }
  const lease = leased ? new SequencingLease(leased, { log: log.child("lease") }) : null;
  const guard: Pick<WindowGuard, "decide"> = {
    decide: async (parent) =>
      lease && !lease.held(LEASED_BLOCKS * blockMs)
        ? { build: false, depositsOnly: false }
        : windowGuard.decide(parent),
  };
  const idle =
    idleMs === 0
      ? null
      : new IdleGate(
          { idleMs, blockTimeMs: blockMs, sealMarginMs: settings.sealMarginMs },
          {
            clock,
            headTimestamp: () => engine.heads().unsafe.timestamp,
            // What cannot be asked (another execution client) counts as something to do.
            executable: async () => (await engine.stats())?.poolExecutable ?? 1,
            watched: dependencies.watched,
          },
        );
  const stopListening =
    idle && driver.onL1Block((block) => holdsSomething(block, rollup) && idle.wantOrigin(block.number));
  const sequencer = new Sequencer(
    { ...settings, rollup },
    {
      engine,
      driver,
      origins,
      guard,
      l2,
      headLock,
      keccak256: keccakBytes,
      clock,
      log,
      throttle: () => smallest(batcherThrottle(), windowGuard.throttle),
      witness,
      recover,
      publish,
      idle,
    },
  );
  return { sequencer, windowGuard, lease, idle, close: () => stopListening?.() };
}

/** Deposits, or settings of the chain: by who logged, which is more than derivation takes of them, never less. */
function holdsSomething(
  { receipts }: L1Block,
  { depositContractAddress, l1SystemConfigAddress }: RollupConfig,
): boolean {
  return receipts.some(({ logs }) =>
    logs.some(({ address }) => address === depositContractAddress || address === l1SystemConfigAddress),
  );
}

/** A chain that rests must neither run into the sequencer's drift nor make a batch late. */
function requireShortRest(idleMs: number, rollup: RollupConfig): void {
  const { maxSequencerDrift } = derivationParameters(rollup, rollup.genesis.l2Time);
  const limitMs = (Math.min(maxSequencerDrift, rollup.seqWindowSize) * 1_000) / 4;
  if (idleMs <= limitMs) return;
  throw new RollupError("CONFIG_INVALID", `sequencer.idleMs must be at most ${limitMs} for this rollup`, {
    severity: "critical",
    data: { idleMs, limitMs },
  });
}
