import type { Engine, ExecutionPayload } from "@altlayer/engine";
import {
  ALERT_REASONS,
  type Alert,
  type EpochSchedule,
  epochOf,
  l1InfoFromPayload,
  l2BlockRefFromPayload,
  type RollupConfig,
  ZERO_HASH,
} from "@altlayer/protocol";
import { numberToHex } from "viem/utils";
import type { Logger } from "../log.ts";
import type { RefutedSlice } from "../slices/slice-follower.ts";
import { refute } from "./refutation.ts";

/** Finds out what is wrong with what the sequencer signed, and says it as operators do (docs/spec/mach.md, section 8). */
export class Judge {
  readonly #options: { readonly rollup: RollupConfig; readonly schedule: EpochSchedule };
  readonly #d: { readonly engine: Engine; readonly log: Logger };

  constructor(
    options: { readonly rollup: RollupConfig; readonly schedule: EpochSchedule },
    dependencies: { readonly engine: Engine; readonly log: Logger },
  ) {
    this.#options = options;
    this.#d = dependencies;
  }

  /** Of a block that the engine refused. `null`: nothing, or it is not MACH's. */
  async block(payload: ExecutionPayload): Promise<Alert | null> {
    const { engine, log } = this.#d;
    const { rollup, schedule } = this.#options;
    const { l1Origin, number: height } = l2BlockRefFromPayload(rollup, payload);
    if (l1Origin.number < schedule.startBlock) return null;
    const refutation = await refute(payload, { engine, rollup });
    if (!refutation) return null;
    const { blockHash } = payload;
    log.error("the sequencer signed a block that execution refutes", { height, blockHash, ...refutation });
    return { epoch: epochOf(l1Origin.number, schedule), height, blockHash, ...refutation };
  }

  /** Of a slice that came out otherwise here. `null` also where its parent is not known. */
  async slice(slice: RefutedSlice): Promise<Alert | null> {
    const { schedule } = this.#options;
    const { height, id, transactionIndex } = slice;
    const number = this.#origin(slice) ?? (await this.#parentsOrigin(slice));
    if (number === null || number < schedule.startBlock) return null;
    this.#d.log.error("the sequencer signed a slice that execution refutes", { height, id, transactionIndex });
    const reason = ALERT_REASONS.slice;
    return { epoch: epochOf(number, schedule), height, blockHash: id, reason, transactionIndex };
  }

  /** `null` for attributes that name none. */
  #origin({ attributes: { timestamp, transactions } }: RefutedSlice): number | null {
    try {
      const block = { timestamp: numberToHex(timestamp), transactions, blockHash: ZERO_HASH };
      return l1InfoFromPayload(this.#options.rollup, block).number;
    } catch {
      return null;
    }
  }

  async #parentsOrigin({ parentHash }: RefutedSlice): Promise<number | null> {
    const parent = await this.#d.engine.payloadByHash(parentHash, { brief: true });
    return parent && l2BlockRefFromPayload(this.#options.rollup, parent).l1Origin.number;
  }
}
