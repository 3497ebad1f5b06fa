import {
  type Base,
  bytesToHex,
  epochBlock,
  type Hex,
  type Keccak256,
  type MachDigests,
  type Message,
} from "@altlayer/protocol";
import type { OperatorConfig, WeightTable } from "../core/types.ts";
import { OPERATOR_LIMITS } from "../core/types.ts";
import type { Chains, L1Block, L2Block } from "./chains.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import { CHURN_PERCENT, FINALITY, SCHEDULE, type Settings, TIMING } from "./settings.ts";

/** What was signed and sent, by whom, from the point of view of somebody who sees everything. */
export interface SentShare {
  readonly signer: number;
  readonly message: Message;
  readonly digest: Hex;
}

/** What all actors of one run share. */
export class Simulation {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly settings: Settings;
  readonly chains: Chains;
  readonly digests: MachDigests;
  readonly keccak256: Keccak256;
  /** Each message once for each signer, in the order of sending. */
  readonly sent: SentShare[] = [];
  readonly certificates: Message[] = [];
  readonly counters = new Map<string, number>();
  readonly violations: string[] = [];
  /** Ends of all branches that the sequencer builds on, the main one first. */
  heads: L2Block[];
  l1Head: L1Block;
  /** Faults stop when healing begins. */
  healed = false;
  /** Groups that do not hear each other: by operator. */
  partition: readonly number[] | null = null;
  readonly #seen = new Set<string>();
  readonly #digestOf = new WeakMap<Message, Hex>();
  #hash = 0x811c9dc5;

  constructor(dependencies: {
    readonly random: Random;
    readonly scheduler: Scheduler;
    readonly settings: Settings;
    readonly chains: Chains;
    readonly digests: MachDigests;
    readonly keccak256: Keccak256;
  }) {
    this.random = dependencies.random;
    this.scheduler = dependencies.scheduler;
    this.settings = dependencies.settings;
    this.chains = dependencies.chains;
    this.digests = dependencies.digests;
    this.keccak256 = dependencies.keccak256;
    this.heads = [this.chains.genesis];
    this.l1Head = this.chains.l1Genesis;
  }

  /** Part of the run's identity: two runs of one seed have equal hashes. */
  trace(kind: string, ...values: readonly (string | number)[]): void {
    for (const value of [this.scheduler.nowMs, kind, ...values]) {
      const text = String(value);
      for (let i = 0; i < text.length; i++) this.#hash = Math.imul(this.#hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    }
    this.count(kind);
  }

  get hash(): string {
    return bytesToHex(Uint8Array.of(this.#hash >>> 24, this.#hash >>> 16, this.#hash >>> 8, this.#hash));
  }

  count(kind: string): void {
    this.counters.set(kind, (this.counters.get(kind) ?? 0) + 1);
  }

  /** A draw for a fault: never once healed. */
  fault(kind: string, percent: number): boolean {
    if (this.healed || !this.random.chance(percent)) return false;
    this.count(`fault ${kind}`);
    return true;
  }

  digest(message: Message): Hex {
    const known = this.#digestOf.get(message);
    if (known !== undefined) return known;
    const digest = this.digests.message(message);
    this.#digestOf.set(message, digest);
    return digest;
  }

  signed(signer: number, message: Message): void {
    const digest = this.digest(message);
    const key = `${signer} ${digest}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.sent.push({ signer, message, digest });
    this.trace("share", signer, digest);
  }

  /** A message from one operator to another, through the faults of the network. */
  deliver(from: number, to: number, run: () => void): void {
    const { loss, duplication, delayMs } = this.settings;
    const parted = this.partition !== null && this.partition[from] !== this.partition[to];
    if (parted) this.count("fault message parted");
    if (parted || this.fault("message lost", loss)) return;
    const copies = this.fault("message duplicated", duplication) ? 2 : 1;
    for (let i = 0; i < copies; i++) this.scheduler.after(this.delay(delayMs), run);
  }

  delay([least, most]: readonly [number, number]): number {
    return this.healed ? this.random.integer(5, 50) : this.random.integer(least, most);
  }

  /** The table of an epoch. Who left stays in the total for good, since a run is shorter than the undecided window. */
  table(epoch: number): WeightTable {
    const { weights, churn } = this.settings;
    const entries = weights.map((weight, index) => [index, [weight]] as const);
    const changed = churn !== null && epoch >= churn.epoch;
    const inside = entries.filter(([index]) => (changed ? index !== churn.leaves : index !== churn?.joins));
    const total = entries
      .filter(([index]) => changed || index !== churn?.joins)
      .reduce((sum, [, [w]]) => sum + (w as bigint), 0n);
    return { epoch, weights: new Map(inside), total: [total] };
  }

  /** The least that contradictory certificates of two epochs must have in common: (W - J) / 3, tripled. */
  overlapTripled(): bigint {
    const { total } = this.table(0);
    return ((total[0] as bigint) * (100n - CHURN_PERCENT)) / 100n;
  }

  finalized(head: L1Block): number {
    return head.number - FINALITY;
  }

  /** Epochs whose block is final for who sees `head`. */
  bases(head: L1Block, fromEpoch: number): Base[] {
    const bases: Base[] = [];
    for (let epoch = fromEpoch; epochBlock(epoch, SCHEDULE) <= this.finalized(head); epoch++) {
      bases.push(this.chains.base(epoch, head, SCHEDULE));
    }
    return bases;
  }

  operatorConfig(index: number): OperatorConfig {
    return {
      index,
      schedule: SCHEDULE,
      originDepth: this.settings.originDepth,
      maxAheadSeconds: 4,
      resendMs: 5_000,
      genesis: { height: 0, timestamp: 0 },
      blockSeconds: TIMING.l2Seconds,
      limits: OPERATOR_LIMITS,
    };
  }
}
