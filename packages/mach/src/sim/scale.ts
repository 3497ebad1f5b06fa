import { type Base, BLOCK, type Hex, type Message, ZERO_HASH } from "@altlayer/protocol";
import {
  AGGREGATOR_LIMITS,
  type AggregatorInput,
  type AggregatorState,
  EMPTY_AGGREGATOR,
  stepAggregator,
} from "../core/aggregator.ts";
import type { WeightTable } from "../core/types.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";

/** CPU that one operation costs, in milliseconds: measured on a machine, charged in virtual time. */
export interface ScaleCosts {
  readonly executeMs: number;
  readonly journalMs: number;
  readonly signMs: number;
  /** Checks the sum of so many shares. */
  readonly verifyMs: (shares: number) => number;
  /** Sums signatures and keys of so many signers, and encodes the certificate. */
  readonly certifyMs: (signers: number) => number;
  /** Takes one share off the wire, and steps the aggregator. */
  readonly receiveMs: number;
}

export interface ScaleOptions {
  readonly operators: number;
  readonly aggregators: number;
  readonly blocks: number;
  readonly linkMs: readonly [least: number, most: number];
  readonly blockMs: number;
  readonly seed: number;
}

export interface ScaleReport {
  /** From the sequencer's publishing of a block to the first certificate. */
  readonly latenciesMs: readonly number[];
  readonly aggregatorCpuMs: number;
  readonly operatorCpuMs: number;
}

/**
 * Many operators on links with delay, each with one CPU of its own that does one thing after another; the aggregators run
 * the real core. CPU is per block, the mean over all blocks.
 */
export function simulateScale(options: ScaleOptions, costs: ScaleCosts): ScaleReport {
  const random = new Random(options.seed);
  const scheduler = new Scheduler();
  const link = () => random.integer(options.linkMs[0], options.linkMs[1]);
  const indices = Array.from({ length: options.operators }, (_, index) => index);
  const table: WeightTable = {
    epoch: 0,
    weights: new Map(indices.map((index) => [index, [1n]])),
    total: [BigInt(options.operators)],
  };
  const schedule = { startBlock: 0, depth: 1, epochLength: Number.MAX_SAFE_INTEGER };
  const busyUntil = new Float64Array(options.operators);
  const published: number[] = [];
  const certified: number[] = [];
  let aggregatorCpuMs = 0;
  let operatorCpuMs = 0;

  /** On this operator's CPU, after what it has to do already. */
  const work = (index: number, costMs: number, done: () => void) => {
    const start = Math.max(scheduler.nowMs, busyUntil[index] as number);
    busyUntil[index] = start + costMs;
    scheduler.after(start + costMs - scheduler.nowMs, done);
  };

  const states: AggregatorState[] = [];
  const aggregate = (index: number, input: AggregatorInput): void => {
    const config = { schedule, ...AGGREGATOR_LIMITS };
    const { state, effects } = stepAggregator(states[index] ?? EMPTY_AGGREGATOR, input, config);
    states[index] = state;
    for (const effect of effects) {
      if (effect.type === "verify") {
        const cost = costs.verifyMs(effect.shares.length);
        aggregatorCpuMs += cost;
        work(index, cost, () => aggregate(index, { type: "verified", digest: effect.digest, invalid: [] }));
      } else if (effect.type === "certificate") {
        const cost = costs.certifyMs(effect.shares.length);
        aggregatorCpuMs += cost;
        const { height } = effect.message.core;
        work(index, cost, () => {
          certified[height - 1] ??= scheduler.nowMs - (published[height - 1] as number);
        });
      }
    }
  };
  for (let index = 0; index < options.aggregators; index++) aggregate(index, { type: "table", table });

  for (let height = 1; height <= options.blocks; height++) {
    const { message, digest } = exampleMessage(height);
    scheduler.after((height - 1) * options.blockMs, () => {
      published.push(scheduler.nowMs);
      for (const index of indices) {
        scheduler.after(link(), () => {
          const own = costs.executeMs + costs.journalMs + costs.signMs;
          operatorCpuMs += own;
          work(index, own, () => {
            for (let to = 0; to < options.aggregators; to++) {
              scheduler.after(to === index ? 0 : link(), () => {
                aggregatorCpuMs += costs.receiveMs;
                const share = { type: "share", from: index, digest, message, signature: "0x" } as const;
                work(to, costs.receiveMs, () => aggregate(to, share));
              });
            }
          });
        });
      }
    });
  }
  scheduler.runUntil(options.blocks * options.blockMs + 60_000, 100_000_000);
  return {
    latenciesMs: certified,
    aggregatorCpuMs: aggregatorCpuMs / options.blocks / options.aggregators,
    operatorCpuMs: operatorCpuMs / options.blocks / options.operators,
  };
}

function exampleMessage(height: number): { readonly message: Message; readonly digest: Hex } {
  const digest: Hex = `0x${height.toString(16).padStart(64, "0")}`;
  const base: Base = { epoch: 0, l1Hash: digest, height: 0, blockHash: digest };
  const core = {
    height,
    timestamp: height,
    originNumber: 0,
    originHash: digest,
    parentHash: digest,
    attributesHash: digest,
    historyRoot: ZERO_HASH,
    transactionCount: 1,
    transactionRoot: digest,
    blockHash: digest,
    outputRoot: digest,
  };
  return { message: { kind: BLOCK, core, base }, digest };
}
