import type { Hex, ResumedCandidate } from "@altlayer/engine";
import type { Clock } from "../clock.ts";
import { describeError, RollupError } from "../errors.ts";
import type { Logger } from "../log.ts";

export interface SequencerControlOptions {
  /** JSON-RPC of other nodes that may sequence this chain. */
  readonly others: readonly string[];
  readonly probeTimeoutMs: number;
}

export interface SequencerControlDependencies {
  readonly sequencer: {
    readonly active: boolean;
    start(halfBuilt?: ResumedCandidate | null): void;
    stop(): Promise<void>;
  };
  /** Taken before the first block, given back after the last. */
  readonly lease: { acquire(): Promise<void>; release(): Promise<void> } | null;
  /** Head of the chain, which a stop answers with. */
  readonly head: () => Hex;
  /** Of a standby: what it was following ends, and its half-built block is handed over. */
  readonly takeOver: (() => Promise<ResumedCandidate | null>) | null;
  /** Starts what only the active sequencer runs: batcher, proposer. */
  readonly onActive: () => void;
  readonly onInactive: () => void;
  /** Asks another node whether it sequences; throws if it does not answer. */
  readonly probe: (url: string, timeoutMs: number) => Promise<boolean>;
  readonly log: Logger;
}

/**
 * Starts and stops sequencing by command, and never beside a sequencer that is known to be live. What it cannot see it
 * cannot prevent: a live sequencer that does not answer its peers looks like a dead one. Whoever takes over from one that
 * is merely unreachable must cut it off first (docs/operations.md).
 */
export class SequencerControl {
  readonly #options: SequencerControlOptions;
  readonly #d: SequencerControlDependencies;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: SequencerControlOptions, dependencies: SequencerControlDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  get active(): boolean {
    return this.#d.sequencer.active;
  }

  /** Which of the other nodes sequence now. Those that do not answer are taken for dead, and logged. */
  async liveOthers(): Promise<readonly string[]> {
    const { probe, log } = this.#d;
    const asked = this.#options.others.map(async (url) => {
      try {
        return (await probe(url, this.#options.probeTimeoutMs)) ? [url] : [];
      } catch (error) {
        log.warn("other sequencer does not answer", { url, error: describeError(error) });
        return [];
      }
    });
    return (await Promise.all(asked)).flat();
  }

  /** Begins as soon as no other node sequences: what a sequencer does when it boots. */
  async startWhenAlone(clock: Clock, signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      const live = await this.liveOthers();
      const refusal = live.length > 0 ? live.join(" ") : await this.start().then(() => null, describeError);
      if (refusal === null) return;
      if (tries % 15 === 0) this.#d.log.error("another sequencer is live: this one waits", { refusal });
      await clock.sleep(2_000, signal).catch(() => {});
    }
  }

  /**
   * @throws RollupError `SEQUENCER_CONFLICT` while another one sequences, or if the head is not the expected one;
   *   `SEQUENCER_LEASED` while another one holds the lease
   */
  start(expectedHead?: Hex): Promise<void> {
    return this.#one(async () => {
      if (this.active) return;
      const { sequencer, lease, head, onActive, log } = this.#d;
      if (expectedHead !== undefined && expectedHead !== head()) {
        throw conflict(`the head is ${head()}, not ${expectedHead}: let this node catch up first`);
      }
      const live = await this.liveOthers();
      if (live.length > 0) throw conflict(`${live.join(", ")} sequences this chain: stop it first`, { live });
      await lease?.acquire();
      const halfBuilt = await this.#takenOver();
      log.info("sequencing begins by command", { head: head(), halfBuilt: halfBuilt?.transactionCount ?? 0 });
      sequencer.start(halfBuilt);
      onActive();
    });
  }

  /** Ends after the block in work, and returns the head. */
  stop(): Promise<Hex> {
    return this.#one(async () => {
      await this.#d.sequencer.stop();
      this.#d.onInactive();
      await this.#d.lease?.release();
      this.#d.log.info("sequencing ended by command", { head: this.#d.head() });
      return this.#d.head();
    });
  }

  async #takenOver(): Promise<ResumedCandidate | null> {
    const { takeOver, lease } = this.#d;
    try {
      return (await takeOver?.()) ?? null;
    } catch (error) {
      await lease?.release();
      throw error;
    }
  }

  #one<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changing.then(change, change);
    this.#changing = result.catch(() => {});
    return result;
  }
}

function conflict(message: string, data: Readonly<Record<string, unknown>> = {}): RollupError {
  return new RollupError("SEQUENCER_CONFLICT", message, { severity: "permanent", data });
}
