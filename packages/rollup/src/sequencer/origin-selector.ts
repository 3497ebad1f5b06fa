import type { L1Header, L1Receipt, L2BlockRef, RollupConfig } from "@altlayer/protocol";
import { derivationParameters } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { L1Data } from "../derivation/l1-data.ts";
import { describeError, isClosed, RollupError } from "../errors.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { L1Header as RpcHeader } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

export interface OriginSelectorOptions {
  readonly rollup: RollupConfig;
  /** L1 blocks that must stand on an origin before it is adopted, against shallow reorgs. */
  readonly confirmations: number;
  /** How long the next origin may take to be read; after that the block goes on with the current one. */
  readonly maxWaitMs: number;
}

export interface SelectedOrigin {
  readonly l1: L1Header;
  /** Of the first block of an epoch: the origin's receipts, which hold deposits and system config updates. */
  readonly receipts: readonly L1Receipt[] | null;
  /** The block may hold deposits only, since L2 time has run too far ahead of its origin. */
  readonly empty: boolean;
}

/**
 * Chooses the L1 origin of the next block: the next L1 block as soon as L2 time has reached it and it is confirmed,
 * else the current one; beyond the sequencer's drift the next origin is taken whatever its confirmations
 * (derivation.md, "L1 Origin Selection" and the batch rules that name `max_sequencer_drift`).
 */
export class OriginSelector {
  readonly #options: OriginSelectorOptions;
  readonly #l1: L1Reader;
  readonly #l1Data: L1Data;
  readonly #watcher: HeadWatcher;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** The block after the current origin, as last seen. */
  #next: RpcHeader | null = null;

  constructor(
    options: OriginSelectorOptions,
    dependencies: {
      readonly l1: L1Reader;
      readonly l1Data: L1Data;
      readonly watcher: HeadWatcher;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#options = options;
    this.#l1 = dependencies.l1;
    this.#l1Data = dependencies.l1Data;
    this.#watcher = dependencies.watcher;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  /** Errors: `L1_REORG` (reset) if the parent's origin is gone, `SEQUENCER_STALLED` if the L1 has stopped for longer than the drift. */
  async select(parent: L2BlockRef): Promise<SelectedOrigin> {
    const { rollup, confirmations } = this.#options;
    const timestamp = parent.timestamp + rollup.blockTime;
    const current = await this.#current(parent);
    const drift = derivationParameters(rollup, current.timestamp).maxSequencerDrift;
    const pastDrift = timestamp > current.timestamp + drift;
    const { number: latest, hash: head } = this.#watcher.heads?.latest ?? current;
    const wanted = current.number + 1;
    // Not due yet, as seen before: what it is by then is asked when it is.
    const known = this.#next?.parentHash === current.hash && this.#next.timestamp > timestamp;
    if (!known && (pastDrift || wanted <= latest - confirmations)) {
      // Derivation has mostly read it by now: blocks that are made up for are not held up by the L1.
      const atHand = this.#l1.ancestorAtHand(head, wanted);
      const next = atHand ?? (await this.#soon(this.#l1.headerByNumber(wanted), wanted));
      if (next && next.parentHash !== current.hash) {
        throw replaced(parent);
      }
      this.#next = next;
      if (next && next.timestamp <= timestamp) {
        const adopted = await this.#soon(this.#l1Data.withReceipts(next), wanted);
        const nextDrift = derivationParameters(rollup, next.timestamp).maxSequencerDrift;
        if (adopted) {
          const { receipts, ...l1 } = adopted;
          return { l1, receipts, empty: timestamp > next.timestamp + nextDrift };
        }
        this.#next = null;
      }
      // A batch beyond the drift is valid if it is empty and L2 time has not reached the next origin; whether it
      // has, only the next origin tells. A chain that guessed here would be reorged by derivation.
      if (!this.#next && pastDrift) {
        throw new RollupError(
          "SEQUENCER_STALLED",
          `L1 block ${wanted} is missing and L2 time is ${drift} s ahead of its origin`,
          {
            severity: "temporary",
            data: { number: wanted, drift },
          },
        );
      }
    }
    return { l1: this.#l1Data.header(current), receipts: null, empty: pastDrift };
  }

  /** Whether the L1 still has this block, as far as it can be asked. */
  async isCanonical(origin: L2BlockRef["l1Origin"]): Promise<boolean> {
    const found = await this.#soon(this.#l1.headerByNumber(origin.number), origin.number);
    return found === null || found.hash === origin.hash;
  }

  /** An L1 that does not answer now must not hold up a block that can do without it. */
  #soon<T>(answer: Promise<T | null>, number: number): Promise<T | null> {
    const caught = answer.catch((error: unknown) => {
      if (!isClosed(error)) this.#log.warn("next L1 origin unavailable", { number, error: describeError(error) });
      return null;
    });
    const timeout = this.#clock.sleep(this.#options.maxWaitMs).then(() => null);
    return Promise.race([caught, timeout]);
  }

  async #current(parent: L2BlockRef): Promise<RpcHeader> {
    const { hash, number } = parent.l1Origin;
    try {
      return await this.#l1.headerByHash(hash);
    } catch (error) {
      if (!(error instanceof RollupError) || error.code !== "L1_BLOCK_NOT_FOUND") throw error;
      // Not there yet, or no more? Only another block at its height tells.
      const found = await this.#l1.headerByNumber(number);
      if (found === null || found.hash === hash) throw error;
      throw replaced(parent);
    }
  }
}

function replaced(parent: L2BlockRef): RollupError {
  const { number, hash } = parent.l1Origin;
  return new RollupError("L1_REORG", `L1 block ${number}, the origin of L2 block ${parent.number}, was replaced`, {
    severity: "reset",
    data: { number, hash },
  });
}
