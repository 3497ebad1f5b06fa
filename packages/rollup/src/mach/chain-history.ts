import type { Engine } from "@altlayer/engine";
import { type Core, type Keccak256, type MachDigests, type RollupConfig, rangeRoot } from "@altlayer/protocol";
import type { Logger } from "../log.ts";
import { type HistoryProof, historyUpTo, proveHistory } from "./history-proof.ts";
import type { SealedBlocks } from "./sealed-blocks.ts";
import type { KnownHistory, SettledHistory } from "./settled-history.ts";

export interface ChainHistoryDependencies {
  readonly engine: Engine;
  readonly history: SettledHistory;
  /** What others say of it, under a certificate: where the chain here does not reach back to its beginning. */
  readonly adopt: () => Promise<KnownHistory | null>;
  readonly digests: MachDigests;
  readonly keccak256: Keccak256;
  readonly log: Logger;
}

/** What a node's chain proves of its history, and what it does where the history turns out to be wrong. */
export class ChainHistory {
  readonly #rollup: RollupConfig;
  readonly #d: ChainHistoryDependencies;
  readonly #sealed: () => SealedBlocks | null;
  /** The history is to be begun again. */
  readonly #onWrong: () => void;
  #isDamaged = false;
  #isForeign = false;

  constructor(
    options: {
      readonly rollup: RollupConfig;
      readonly sealed: () => SealedBlocks | null;
      readonly onWrong: () => void;
    },
    dependencies: ChainHistoryDependencies,
  ) {
    this.#rollup = options.rollup;
    this.#sealed = options.sealed;
    this.#onWrong = options.onWrong;
    this.#d = dependencies;
  }

  /** What is on record; `null` without a record that holds. */
  async resume(): Promise<ReturnType<SettledHistory["resume"]>> {
    const isDamaged = this.#isDamaged;
    this.#isDamaged = false;
    if (!this.#isForeign) return this.#d.history.resume({ isDamaged });
    return null;
  }

  /** What others say; `null` while nobody does. */
  async adopt(): Promise<ReturnType<SettledHistory["resume"]>> {
    const known = await this.#d.adopt();
    if (!known) return null;
    this.#isForeign = false;
    return this.#d.history.adopt(known);
  }

  /**
   * The block at `height` in the history that a message of core `high` commits to, with its inclusion (docs/spec/mach.md,
   * section 3). `null`: of a chain that is not known here, or older than what this node has.
   */
  async proof(high: Core, height: number): Promise<HistoryProof | null> {
    const sealed = this.#sealed();
    if (!sealed) return null;
    const proof = await proveHistory(high, height, { ...this.#d, rollup: this.#rollup, sealed });
    if (proof !== "damaged") return proof;
    if (this.#sealed() === sealed) {
      this.#d.log.error("the nodes of the history are damaged: the history is made again", { height });
      this.#isDamaged = true;
      this.#onWrong();
    }
    return null;
  }

  /** Up to that block, for a node that cannot make it from its own blocks. */
  async upTo(height: number): Promise<KnownHistory | null> {
    const sealed = this.#sealed();
    return sealed && historyUpTo(height, { ...this.#d, sealed });
  }

  /** A block is certified: a history that others told must be the one that it commits to. */
  certified({ height, parentHash, historyRoot }: Core): void {
    const { history, log, keccak256 } = this.#d;
    const sealed = this.#sealed();
    if (!sealed || history.unknown === 0 || !sealed.has(parentHash)) return;
    if (rangeRoot(sealed.history(parentHash), keccak256) === historyRoot) return;
    log.error("a certificate shows another history than peers told: it is asked for again", { height });
    this.#isForeign = true;
    this.#onWrong();
  }
}
