import type { Engine } from "@altlayer/engine";
import { type Base, type EpochSchedule, epochBlock } from "@altlayer/protocol";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { SafeHeadStore } from "../derivation/safe-head-store.ts";
import { RollupError } from "../errors.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";

export interface BaseSourceDependencies {
  readonly engine: Engine;
  readonly driver: Pick<DerivationDriver, "status">;
  readonly store: Pick<SafeHeadStore, "entries">;
  readonly watcher: Pick<HeadWatcher, "heads">;
  readonly l1: Pick<L1Reader, "headerByNumber">;
}

/**
 * The bases of epochs (docs/spec/mach.md, section 1): the L2 head that the own derivation reached from L1 data up to and
 * including N(e), once N(e) is finalised in the own view of the L1.
 */
export class BaseSource {
  readonly #schedule: EpochSchedule;
  readonly #d: BaseSourceDependencies;

  constructor(options: { readonly schedule: EpochSchedule }, dependencies: BaseSourceDependencies) {
    this.#schedule = options.schedule;
    this.#d = dependencies;
  }

  /** The newest epoch whose base is settled; -1 before the first. */
  get newestEpoch(): number {
    const { startBlock, epochLength } = this.#schedule;
    const finalized = this.#d.watcher.heads?.finalized?.number ?? -1;
    const past = Math.min(finalized, this.#derivedTo()) - startBlock;
    return past < 0 ? -1 : Math.floor(past / epochLength);
  }

  /**
   * `null` while it is not settled, and where this node's record of derivation does not reach back.
   * @throws RollupError temporarily, while the L1 does not give what it finalised
   */
  async base(epoch: number): Promise<Base | null> {
    if (epoch < 0 || epoch > this.newestEpoch) return null;
    const { engine, l1, store } = this.#d;
    const number = epochBlock(epoch, this.#schedule);
    const header = await l1.headerByNumber(number);
    if (header === null) {
      const message = `the L1 does not have its finalised block ${number}`;
      throw new RollupError("L1_BLOCK_NOT_FOUND", message, { severity: "temporary", data: { number } });
    }
    // Entries of L1 blocks that a reorg replaced stay until later ones displace them: only canonical ones count.
    for (const { l1: from, l2 } of store.entries.toReversed()) {
      if (from.number > number || l2.number > engine.heads().safe.number) continue;
      const canonical = from.number === number ? header : await l1.headerByNumber(from.number);
      if (canonical?.hash !== from.hash) continue;
      const block = await engine.payloadByNumber(l2.number, { brief: true });
      if (block?.blockHash !== l2.hash) continue;
      return { epoch, l1Hash: header.hash, height: l2.number, blockHash: l2.hash };
    }
    return null;
  }

  /** The L1 block of which all data is derived from: of the one in work, some may be left. */
  #derivedTo(): number {
    const { phase, currentL1 } = this.#d.driver.status;
    return phase === "deriving" && currentL1 !== null ? currentL1.number - 1 : -1;
  }
}
