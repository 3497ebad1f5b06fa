import { derivationParameters } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { bytesToHex } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import { isDepositTransaction } from "../l1/deposit-transaction.ts";
import { TRANSACTION_DEPOSITED_TOPIC } from "../l1/deposits.ts";
import { systemConfigAsRecorded, systemConfigFromPayload } from "../l1/l2-payload.ts";
import { CONFIG_UPDATE_TOPIC } from "../l1/system-config.ts";
import type {
  Hex,
  Keccak256,
  L1Block,
  L1BlockRef,
  L1Header,
  L1Receipt,
  L2BlockRef,
  PayloadView,
  SystemConfig,
} from "../types.ts";
import type { Decompress, Derivation, DerivedAttributes, PipelineStart, PipelineStep } from "./api.ts";
import { prepareAttributes } from "./attributes.ts";
import type { NextBatch } from "./batch-stage.ts";
import { BatchQueue, BatchStage } from "./batch-stage.ts";
import { ChannelAssembler } from "./channel-assembler.ts";
import { ChannelBank } from "./channel-bank.ts";
import { ChannelReader } from "./channel-reader.ts";
import { FrameQueue } from "./frame-queue.ts";
import { L1Source } from "./l1-source.ts";
import type { NeedL2Block, Pull } from "./pull.ts";

/** What is kept of an L1 block until no block can have it as its origin any more. */
interface Epoch {
  readonly header: L1Header;
  /** The logs that derivation reads, and no others. */
  readonly receipts: readonly L1Receipt[];
}

/** The stages behind the L1 source; replaced as a whole at a reset and, but for the window of origins, at Holocene. */
interface Stages {
  readonly strict: boolean;
  readonly batches: BatchQueue | BatchStage;
}

/** See `Derivation`. Pulls from the last stage; each pulls from the one before. */
export class DerivationPipeline implements Derivation {
  readonly #config: RollupConfig;
  readonly #keccak256: Keccak256;
  readonly #decompress: Decompress;
  #source: L1Source | null = null;
  #stages: Stages | null = null;
  #judgedBefore = 0;
  /** By hash, oldest first. */
  #epochs = new Map<Hex, Epoch>();
  #l2Blocks = new Map<number, PayloadView>();
  /** Taken from the batch stage, waiting for the parent's system config. */
  #pending: NextBatch | null = null;
  /** What was given last: given again until the parent moves on, so that a driver may fail and retry. */
  #given: DerivedAttributes | null = null;
  /** The system config recorded in the block with that hash, and in the block that the last attributes make. */
  #known: { readonly hash: Hex; readonly systemConfig: SystemConfig } | null = null;
  #expected: { readonly parent: Hex; readonly timestamp: number; readonly systemConfig: SystemConfig } | null = null;

  constructor(
    options: { readonly config: RollupConfig },
    dependencies: { readonly keccak256: Keccak256; readonly decompress: Decompress },
  ) {
    this.#config = options.config;
    this.#keccak256 = dependencies.keccak256;
    this.#decompress = dependencies.decompress;
  }

  get origin(): L1BlockRef {
    return this.#started().source.origin;
  }

  reset(start: PipelineStart): void {
    this.#source = new L1Source(this.#config, start);
    this.#judgedBefore = start.safeHeadDerivedFrom ?? 0;
    this.#stages = this.#buildStages(this.#source);
    this.#epochs = new Map();
    this.#l2Blocks = new Map();
    this.#pending = null;
    this.#given = null;
    this.#known = null;
    this.#expected = null;
  }

  step(parent: L2BlockRef): PipelineStep {
    const { source, stages } = this.#started();
    if (this.#given?.parent.hash === parent.hash) return { kind: "attributes", derived: this.#given };
    this.#given = null;
    for (;;) {
      const { awaited, missingBlobs } = source;
      if (awaited !== null) return { kind: "needL1Block", ...awaited };
      if (missingBlobs.length > 0) return { kind: "needBlobs", block: source.origin, blobs: missingBlobs };
      const next = this.#next(stages, parent);
      if (next === "eof") source.advance();
      else if (next !== "more") return next;
    }
  }

  provideL1Block(block: L1Block): void {
    const { source, stages } = this.#started();
    source.enter(block);
    this.#epochs.set(block.hash, epochOf(this.#config, block));
    // Holocene's activation discards frames, channels and batches (specs/protocol/holocene/derivation.md, "Activation").
    if (!stages.strict && this.#isStrict(block)) {
      const replaced = this.#buildStages(source);
      replaced.batches.adopt(stages.batches);
      this.#stages = replaced;
    }
  }

  provideBlobs(blobs: readonly Uint8Array[]): void {
    this.#started().source.provideBlobs(blobs);
  }

  provideL2Block(payload: PayloadView): void {
    this.#l2Blocks.set(Number(payload.blockNumber), payload);
  }

  rejectAttributes(derived: DerivedAttributes): DerivedAttributes | null {
    if (derived.depositsOnly) {
      throw new ProtocolError("DEPOSITS_REJECTED", "the engine refused a block of deposits alone", {
        parent: derived.parent.hash,
        timestamp: derived.attributes.timestamp,
      });
    }
    const { stages } = this.#started();
    this.#given = null;
    if (!this.#isStrict(derived.derivedFrom)) return null;
    if (stages.batches instanceof BatchStage) stages.batches.flush();
    const transactions = derived.attributes.transactions.filter(isDepositTransaction);
    this.#given = {
      ...derived,
      attributes: { ...derived.attributes, transactions },
      isLastInSpan: true,
      concluding: true,
      depositsOnly: true,
    };
    return this.#given;
  }

  #next(stages: Stages, parent: L2BlockRef): Pull<PipelineStep> {
    if (this.#pending === null) {
      const next = stages.batches.next(parent);
      this.#forgetOldEpochs(stages, parent);
      if (typeof next === "string" || "kind" in next) return next;
      this.#pending = next;
      this.#l2Blocks.clear();
    }
    const pending = this.#pending;
    const systemConfig = this.#systemConfigOf(parent);
    if ("kind" in systemConfig) return systemConfig;
    this.#pending = null;
    this.#given = this.#derive(parent, systemConfig, pending);
    return { kind: "attributes", derived: this.#given };
  }

  #derive(parent: L2BlockRef, parentSystemConfig: SystemConfig, next: NextBatch): DerivedAttributes {
    const { batch, isLastInSpan, isMissing = false } = next;
    if (batch.parentHash !== parent.hash || batch.timestamp !== parent.timestamp + this.#config.blockTime) {
      throw new ProtocolError("PARENT_MISMATCH", "a valid batch does not fit the safe head", {
        parent: parent.hash,
        batchParent: batch.parentHash,
        timestamp: batch.timestamp,
      });
    }
    const epoch = this.#epochs.get(batch.epochHash);
    if (epoch === undefined) {
      throw new ProtocolError("L1_ORIGIN_MISMATCH", "the L1 origin of a valid batch was not read", {
        epoch: batch.epochHash,
        number: batch.epochNumber,
      });
    }
    const block = { parent, parentSystemConfig, origin: epoch.header, receipts: epoch.receipts };
    const prepared = prepareAttributes(this.#config, block, this.#keccak256);
    const { attributes, sequenceNumber } = prepared;
    this.#expected = {
      parent: parent.hash,
      timestamp: attributes.timestamp,
      systemConfig: systemConfigAsRecorded(this.#config, prepared.systemConfig, attributes.timestamp),
    };
    const derivedFrom = this.origin;
    const derived: DerivedAttributes = {
      attributes: { ...attributes, transactions: [...attributes.transactions, ...batch.transactions.map(bytesToHex)] },
      parent,
      l1Origin: { hash: epoch.header.hash, number: epoch.header.number },
      sequenceNumber,
      derivedFrom,
      isLastInSpan,
      concluding: isLastInSpan || this.#isStrict(derivedFrom),
      depositsOnly: batch.transactions.length === 0,
      batchMissing: isMissing,
    };
    return derived;
  }

  /** Known where the parent is the block of the last attributes, as it nearly always is; else read from its payload. */
  #systemConfigOf(parent: L2BlockRef): SystemConfig | NeedL2Block {
    if (parent.hash === this.#config.genesis.l2.hash) return this.#config.genesis.systemConfig;
    if (this.#known?.hash === parent.hash) return this.#known.systemConfig;
    const expected = this.#expected;
    if (expected !== null && parent.parentHash === expected.parent && parent.timestamp === expected.timestamp) {
      this.#known = { hash: parent.hash, systemConfig: expected.systemConfig };
      return expected.systemConfig;
    }
    const payload = this.#l2Blocks.get(parent.number);
    if (payload === undefined) return { kind: "needL2Block", number: parent.number };
    if (payload.blockHash !== parent.hash) {
      throw new ProtocolError("PARENT_MISMATCH", "the safe head is not the L2 block of its number", {
        parent: parent.hash,
        found: payload.blockHash,
      });
    }
    const systemConfig = systemConfigFromPayload(this.#config, payload);
    this.#known = { hash: parent.hash, systemConfig };
    return systemConfig;
  }

  #buildStages(source: L1Source): Stages {
    const config = this.#config;
    const strict = this.#isStrict(source.origin);
    const frames = new FrameQueue({ strict }, { source });
    const channels = strict
      ? new ChannelAssembler(config, { frames, source })
      : new ChannelBank(config, { frames, source });
    const reader = new ChannelReader(config, { channels, source, decompress: this.#decompress });
    const lookup = (number: number) => this.#l2Blocks.get(number) ?? ({ kind: "needL2Block", number } as const);
    const dependencies = { reader, source, lookup, judgedBefore: this.#judgedBefore };
    return { strict, batches: strict ? new BatchStage(config, dependencies) : new BatchQueue(config, dependencies) };
  }

  /** Origins in the batch stage's window may still be used, also by blocks that are derived again. */
  #forgetOldEpochs(stages: Stages, parent: L2BlockRef): void {
    const oldest = Math.min(parent.l1Origin.number, stages.batches.oldestOrigin?.number ?? Number.POSITIVE_INFINITY);
    for (const [hash, { header }] of this.#epochs) {
      if (header.number >= oldest) break;
      this.#epochs.delete(hash);
    }
  }

  #isStrict(l1: { readonly timestamp: number }): boolean {
    return derivationParameters(this.#config, l1.timestamp).strictOrdering;
  }

  #started(): { readonly source: L1Source; readonly stages: Stages } {
    if (this.#source === null || this.#stages === null) {
      throw new ProtocolError("PIPELINE_MISUSE", "the pipeline was not reset to a starting point yet");
    }
    return { source: this.#source, stages: this.#stages };
  }
}

function epochOf(config: RollupConfig, block: L1Block): Epoch {
  const { hash, number, parentHash, timestamp, prevRandao, baseFeePerGas, blobBaseFee, parentBeaconBlockRoot } = block;
  const header = { hash, number, parentHash, timestamp, prevRandao, baseFeePerGas, blobBaseFee };
  const receipts: L1Receipt[] = [];
  for (const receipt of block.receipts) {
    if (!receipt.success) continue;
    const logs = receipt.logs.filter(
      ({ address, topics }) =>
        (address === config.depositContractAddress && topics[0] === TRANSACTION_DEPOSITED_TOPIC) ||
        (address === config.l1SystemConfigAddress && topics[0] === CONFIG_UPDATE_TOPIC),
    );
    if (logs.length > 0) receipts.push({ success: true, logs });
  }
  return { header: parentBeaconBlockRoot === undefined ? header : { ...header, parentBeaconBlockRoot }, receipts };
}
