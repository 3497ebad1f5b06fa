import { type Message, SLICE } from "@altlayer/protocol";
import {
  AGGREGATOR_LIMITS,
  type AggregatorInput,
  type AggregatorState,
  EMPTY_AGGREGATOR,
  stepAggregator,
} from "../core/aggregator.ts";
import type {
  OperatorContext,
  OperatorEffect,
  OperatorInput,
  OperatorStep,
  startOperator,
  stepOperator,
} from "../core/operator.ts";
import type { OperatorState } from "../core/operator-state.ts";
import { isAhead } from "../core/signing-rule.ts";
import { sliceAggregators } from "../core/slice-aggregators.ts";
import type { JournalRecord, Share } from "../core/types.ts";
import { ancestorL1, ancestorL2, type L1Block, type L2Block, type SliceOf } from "./chains.ts";
import { SCHEDULE } from "./settings.ts";
import type { Simulation } from "./simulation.ts";

/** What survives a crash. */
interface Disk {
  record: JournalRecord;
  /** Every record that was ever on this disk: where backups come from. */
  readonly backups: JournalRecord[];
  /** Set by the restore command, until a quarantine is on disk. */
  restored: boolean;
  /** Furthest shares of others. */
  furthest: ReadonlyMap<number, Share>;
}

export interface Hooks {
  /** The code under test: replaced by broken ones to see that the oracles notice. */
  readonly step: typeof stepOperator;
  readonly start: typeof startOperator;
  readonly context: (context: OperatorContext) => OperatorContext;
}

export interface HonestOptions {
  readonly index: number;
  readonly aggregates: boolean;
  readonly context: OperatorContext;
}

/** Few operators are simulated, so a slice is sent to fewer. */
const FIRST_AGGREGATORS = 2;
const EMPTY: JournalRecord = { tip: null, quarantineHeight: null };

/** An honest operator: the real core, and a shell that crashes between any two of its effects. */
export class HonestOperator implements Peer {
  readonly honest = true;
  readonly index: number;
  readonly #simulation: Simulation;
  readonly #hooks: Hooks;
  readonly #context: OperatorContext;
  readonly #aggregates: boolean;
  readonly #disk: Disk = { record: EMPTY, backups: [EMPTY], restored: false, furthest: new Map() };
  /** Others, set once all exist. */
  peers: readonly Peer[] = [];
  #state: OperatorState | null = null;
  #aggregator: AggregatorState = EMPTY_AGGREGATOR;
  #incarnation = 0;
  #l1: L1Block;
  #pendingWrites: JournalRecord[] = [];
  readonly #fed = new Set<L2Block>();

  constructor(
    { index, aggregates, context }: HonestOptions,
    dependencies: { readonly simulation: Simulation; readonly hooks: Hooks },
  ) {
    this.index = index;
    this.#aggregates = aggregates;
    this.#simulation = dependencies.simulation;
    this.#hooks = dependencies.hooks;
    this.#context = dependencies.hooks.context(context);
    this.#l1 = this.#simulation.chains.l1Genesis;
  }

  get isUp(): boolean {
    return this.#state !== null;
  }

  start(): void {
    const { scheduler } = this.#simulation;
    this.#incarnation++;
    this.#fed.clear();
    this.#aggregator = EMPTY_AGGREGATOR;
    this.#pendingWrites = [];
    const options = { nowMs: scheduler.nowMs, restored: this.#disk.restored };
    const step = this.#hooks.start(this.#disk.record, options, this.#context);
    this.#state = step.state;
    this.#simulation.trace("start", this.index, this.#disk.restored ? 1 : 0);
    this.#perform(step.effects);
    for (const [from, share] of this.#disk.furthest) this.input({ type: "share", from, share });
    const seen = this.#l1;
    this.#l1 = this.#simulation.chains.l1Genesis;
    this.seeL1(seen);
    this.#tick(this.#incarnation);
  }

  /** Executes a block, its ancestors first, or a slice. */
  see(item: L2Block | SliceOf): void {
    if ("block" in item) {
      if (item.block.parent !== null) this.see(item.block.parent);
      this.input({ type: "executed", executed: item.executed });
      return;
    }
    const missing: L2Block[] = [];
    for (let at: L2Block | null = item; at !== null && !this.#fed.has(at); at = at.parent) missing.push(at);
    for (const block of missing.reverse()) {
      if (this.#state === null) return;
      this.#fed.add(block);
      this.input({ type: "executed", executed: block.executed });
    }
  }

  seeL1(head: L1Block): void {
    if (this.#state === null || head === this.#l1) return;
    const before = this.#l1;
    this.#l1 = head;
    const fresh: L1Block[] = [];
    for (let at: L1Block | null = head; at !== null && ancestorL1(before, at.number) !== at; at = at.parent)
      fresh.push(at);
    if (before.number === 0) fresh.push(this.#simulation.chains.l1Genesis);
    for (const block of fresh.reverse()) this.input({ type: "l1Block", number: block.number, hash: block.hash });
    this.see(head.derivedHead);
    for (const base of this.#simulation.bases(head, 0)) {
      const table = this.#simulation.table(base.epoch);
      this.input({ type: "table", table });
      this.input({ type: "base", base });
      this.#aggregate({ type: "table", table });
      this.#aggregate({ type: "settled", height: base.height });
    }
  }

  input(input: OperatorInput): void {
    if (this.#state === null) return;
    const before = this.#state;
    const step: OperatorStep = this.#hooks.step(before, input, this.#context);
    this.#state = step.state;
    if (before.quarantineHeight !== null && step.state.quarantineHeight === null)
      this.#simulation.count("quarantine left");
    this.#perform(step.effects);
  }

  receiveShare(from: number, message: Message, valid: boolean): void {
    if (this.#state === null) return;
    const digest = this.#simulation.digest(message);
    this.#aggregate({ type: "share", from, digest, message, signature: valid ? "0x01" : "0x00" });
    if (valid) this.input({ type: "share", from, share: { message, signature: "0x01" } });
  }

  asked(from: number): void {
    this.input({ type: "asked", from });
  }

  /** Stops without warning. What was being written may or may not be on disk; the order of writes holds. */
  crash(): void {
    if (this.#state === null) return;
    const { random, scheduler } = this.#simulation;
    this.#simulation.trace("crash", this.index);
    this.#disk.furthest = this.#state.furthest;
    for (const record of this.#pendingWrites) {
      if (random.chance(50)) {
        this.#simulation.count("fault write lost in crash");
        break;
      }
      this.#store(record);
    }
    this.#state = null;
    this.#incarnation++;
    this.#perhapsRestore();
    scheduler.after(random.integer(100, 30_000), () => {
      if (this.#state === null) this.start();
    });
  }

  /** The disk comes back from a backup: by the command, or behind its back where it will be noticed (section 7). */
  #perhapsRestore(): void {
    const simulation = this.#simulation;
    if (this.#disk.backups.length < 2 || !simulation.fault("restored backup", simulation.settings.restore)) return;
    const backup = simulation.random.pick(this.#disk.backups.slice(0, -1));
    this.#disk.record = backup;
    // By whichever table it will count the answers.
    const noticed = [simulation.table(0), simulation.table(Number.MAX_SAFE_INTEGER)].every(({ weights, total }) => {
      let remember = 0n;
      for (const peer of this.peers) {
        const share = peer.furthestOf(this.index);
        const known = share !== null && (backup.tip === null || isAhead(share.message, backup.tip));
        if (known && peer.honest) remember += weights.get(peer.index)?.[0] ?? 0n;
      }
      return remember * 3n > (total[0] as bigint);
    });
    this.#disk.restored = this.#disk.restored || !(noticed && simulation.random.chance(70));
    simulation.count(this.#disk.restored ? "fault restore declared" : "fault restore undeclared");
  }

  furthestOf(index: number): Share | null {
    return (this.#state?.furthest ?? this.#disk.furthest).get(index) ?? null;
  }

  #tick(incarnation: number): void {
    if (incarnation !== this.#incarnation) return;
    this.input({ type: "tick", nowMs: this.#simulation.scheduler.nowMs });
    this.#aggregate({ type: "tick" });
    this.#simulation.scheduler.after(2_000, () => this.#tick(incarnation));
  }

  #perform(effects: readonly OperatorEffect[]): void {
    for (const effect of effects) {
      if (this.#state === null) return;
      if (this.#crashes("before an effect")) return;
      this.#performOne(effect);
      if (this.#crashes("after an effect")) return;
    }
  }

  #crashes(when: string): boolean {
    if (this.#state === null || !this.#simulation.fault(`crash ${when}`, this.#simulation.settings.crash / 6))
      return false;
    this.crash();
    return true;
  }

  #performOne(effect: OperatorEffect): void {
    const simulation = this.#simulation;
    const incarnation = this.#incarnation;
    switch (effect.type) {
      case "journal":
        this.#pendingWrites.push(effect.record);
        if (effect.record.tip !== null && effect.record.quarantineHeight === null)
          this.#checkWhenSigned(effect.record.tip);
        simulation.scheduler.after(simulation.random.integer(1, 20), () => {
          if (incarnation !== this.#incarnation) return;
          this.#pendingWrites.shift();
          this.#store(effect.record);
          this.input({ type: "journaled", record: effect.record });
        });
        return;
      case "sendShare":
        this.#send(effect.message, effect.again);
        return;
      case "ask":
        for (const peer of this.peers) simulation.deliver(this.index, peer.index, () => peer.asked(this.index));
        return;
      case "answer": {
        const asker = this.peers.find((peer) => peer.index === effect.to);
        const answer: OperatorInput = { type: "answer", from: this.index, share: effect.share };
        simulation.deliver(this.index, effect.to, () => asker?.input(answer));
        return;
      }
      case "quarantined":
        simulation.trace("quarantined", this.index, effect.height);
        return;
      case "abstained":
        simulation.trace(`abstained ${effect.obstacle}`, this.index, effect.candidate.core.height);
        return;
      case "alert":
        return;
    }
  }

  /** A slice goes first to the few that its digest draws. */
  #send(message: Message, again: boolean): void {
    const simulation = this.#simulation;
    simulation.signed(this.index, message);
    const digest = simulation.digest(message);
    const indices = [...simulation.table(message.base.epoch).weights.keys()];
    const few = message.kind === SLICE && !again ? sliceAggregators(digest, indices, FIRST_AGGREGATORS) : null;
    if (message.kind === SLICE) simulation.count(few === null ? "slice sent to all" : "slice sent to few");
    const isTold = (index: number) => few === null || few.includes(index);
    if (isTold(this.index)) this.#aggregate({ type: "share", from: this.index, digest, message, signature: "0x01" });
    for (const peer of this.peers) {
      if (!isTold(peer.index)) continue;
      simulation.deliver(this.index, peer.index, () => peer.receiveShare(this.index, message, true));
    }
  }

  /** What must hold at the moment of signing, by what this operator itself knows. */
  #checkWhenSigned(message: Message): void {
    const simulation = this.#simulation;
    const { core, base } = message;
    const fail = (what: string) =>
      simulation.violations.push(`operator ${this.index} signed height ${core.height}: ${what}`);
    const parent = simulation.chains.blocks.get(core.parentHash);
    const settled = parent === undefined ? undefined : ancestorL2(parent, base.height);
    if (settled?.executed.core.blockHash !== base.blockHash) fail("it does not extend its base");
    const origin = ancestorL1(this.#l1, core.originNumber);
    if (origin?.hash !== core.originHash) fail("its origin is not canonical");
    if (this.#l1.number - core.originNumber < simulation.settings.originDepth) fail("its origin is not deep enough");
    if (core.timestamp * 1000 > simulation.scheduler.nowMs + 4_000) fail("it lies in the future");
    if (base.l1Hash !== ancestorL1(this.#l1, SCHEDULE.startBlock + base.epoch * SCHEDULE.epochLength)?.hash) {
      if (!simulation.settings.deepReorg) fail("its base is on another L1");
    }
  }

  #store(record: JournalRecord): void {
    this.#disk.record = record;
    this.#disk.backups.push(record);
    if (record.quarantineHeight !== null) this.#disk.restored = false;
  }

  #aggregate(input: AggregatorInput): void {
    if (this.#state === null || !this.#aggregates) return;
    const config = { schedule: SCHEDULE, ...AGGREGATOR_LIMITS };
    const { state, effects } = stepAggregator(this.#aggregator, input, config);
    this.#aggregator = state;
    const incarnation = this.#incarnation;
    for (const effect of effects) {
      switch (effect.type) {
        case "verify": {
          const invalid = effect.shares.filter(({ signature }) => signature !== "0x01").map(({ index }) => index);
          this.#simulation.scheduler.after(3, () => {
            if (incarnation === this.#incarnation)
              this.#aggregate({ type: "verified", digest: effect.digest, invalid });
          });
          break;
        }
        case "certificate":
          this.#simulation.certificates.push(effect.message);
          this.#simulation.trace("certificate", effect.digest, effect.shares.length);
          this.input({ type: "certified", message: effect.message });
          // Of a slice nobody tells the others.
          for (const peer of effect.message.kind === SLICE ? [] : this.peers) {
            this.#simulation.deliver(this.index, peer.index, () =>
              peer.input({ type: "certified", message: effect.message }),
            );
          }
          break;
        case "reject":
          this.#simulation.count(`reject ${effect.reason}`);
          break;
      }
    }
  }
}

/** What operators see of each other, honest or not. */
export interface Peer {
  readonly index: number;
  readonly honest: boolean;
  receiveShare(from: number, message: Message, valid: boolean): void;
  asked(from: number): void;
  input(input: OperatorInput): void;
  furthestOf(index: number): Share | null;
}
