import { keccak_256 } from "@noble/hashes/sha3.js";
import { compress, decompress } from "../../compression/node.ts";
import type {
  Batch,
  CompressionAlgorithm,
  DerivedAttributes,
  Frame,
  Hex,
  L1Block,
  L1Receipt,
  L1Transaction,
  L2BlockRef,
  PayloadAttributes,
  PayloadView,
  PipelineStart,
  RollupConfig,
  SingularBatch,
  SystemConfig,
} from "../../src/index.ts";
import {
  bytesToHex,
  DerivationPipeline,
  encodeBlob,
  encodeChannel,
  encodeChannelContent,
  encodeFrames,
  hexToBytes,
  parseRollupConfig,
  prepareAttributes,
  systemConfigAsRecorded,
} from "../../src/index.ts";

export const keccak256 = keccak_256;

export function hash(...parts: readonly (string | number)[]): Hex {
  return bytesToHex(keccak_256(new TextEncoder().encode(parts.join("/"))));
}

export const BATCHER: Hex = `0x${"ba".repeat(20)}`;
export const INBOX: Hex = `0x${"ff".repeat(20)}`;
export const PORTAL: Hex = `0x${"d0".repeat(20)}`;
export const SYSTEM_CONFIG: Hex = `0x${"5c".repeat(20)}`;
const L1_TIME = 1_000_000;

/** A chain with 2-second blocks on an L1 of 12 seconds; Granite at genesis, Holocene at `holocene` (L1 block number). */
export function testConfig(options: { holocene?: number; seqWindowSize?: number } = {}): RollupConfig {
  const forks = ["regolith", "canyon", "delta", "ecotone", "fjord", "granite"];
  return parseRollupConfig({
    genesis: {
      l1: { hash: hash("l1", "main", 0), number: 0 },
      l2: { hash: hash("l2 genesis"), number: 0 },
      l2_time: L1_TIME,
      system_config: {
        batcherAddr: BATCHER,
        overhead: `0x${"0".repeat(64)}`,
        scalar: `0x01${"0".repeat(46)}000c5fc500000558`,
        gasLimit: 30_000_000,
      },
    },
    block_time: 2,
    max_sequencer_drift: 600,
    seq_window_size: options.seqWindowSize ?? 100,
    channel_timeout: 300,
    l1_chain_id: 900,
    l2_chain_id: 901,
    ...Object.fromEntries(forks.map((name) => [`${name}_time`, 0])),
    ...(options.holocene === undefined ? {} : { holocene_time: L1_TIME + options.holocene * 12 }),
    batch_inbox_address: INBOX,
    deposit_contract_address: PORTAL,
    l1_system_config_address: SYSTEM_CONFIG,
  });
}

/** An L1 whose blocks come every 12 seconds. `branch` names a fork of it in the blocks' hashes. */
export class SimulatedL1 {
  readonly blocks: L1Block[] = [];
  readonly blobs = new Map<Hex, Uint8Array>();
  branch = "main";

  constructor() {
    this.mine();
  }

  get head(): L1Block {
    return this.blocks.at(-1) as L1Block;
  }

  mine(
    content: { transactions?: readonly L1Transaction[]; receipts?: readonly L1Receipt[]; seconds?: number } = {},
  ): L1Block {
    const parent = this.blocks.at(-1);
    const number = this.blocks.length;
    const block: L1Block = {
      number,
      hash: hash("l1", this.branch, number),
      parentHash: parent?.hash ?? hash("nothing"),
      timestamp: parent === undefined ? L1_TIME : parent.timestamp + (content.seconds ?? 12),
      prevRandao: hash("randao", number),
      baseFeePerGas: 7n,
      blobBaseFee: 1n,
      transactions: content.transactions ?? [],
      receipts: content.receipts ?? [],
    };
    this.blocks.push(block);
    return block;
  }

  mineTo(number: number): void {
    while (this.head.number < number) this.mine();
  }

  /** A blob transaction with these contents. */
  blobTransaction(datas: readonly Uint8Array[], from: Hex = BATCHER, to: Hex = INBOX): L1Transaction {
    const hashes = datas.map((data) => {
      const versionedHash = hash("blob", bytesToHex(keccak_256(data)));
      this.blobs.set(versionedHash, encodeBlob(data));
      return versionedHash;
    });
    return { type: 3, from, to, input: "0x", blobVersionedHashes: hashes };
  }
}

export function calldata(data: Uint8Array, from: Hex = BATCHER, to: Hex = INBOX): L1Transaction {
  return { type: 2, from, to, input: bytesToHex(data), blobVersionedHashes: [] };
}

export interface SimulatedBlock {
  readonly ref: L2BlockRef;
  readonly attributes: PayloadAttributes;
  readonly batch: SingularBatch;
  readonly payload: PayloadView;
  readonly systemConfig: SystemConfig;
}

/** A sequencer's chain: builds blocks from attributes with made-up hashes. */
export class SimulatedL2 {
  readonly config: RollupConfig;
  readonly #l1: SimulatedL1;
  readonly blocks: SimulatedBlock[] = [];

  constructor(config: RollupConfig, l1: SimulatedL1) {
    this.config = config;
    this.#l1 = l1;
  }

  get head(): L2BlockRef {
    return this.blocks.at(-1)?.ref ?? genesisRef(this.config);
  }

  /** Adds a block with the given L1 origin (default: the parent's). */
  build(options: { origin?: number; transactions?: readonly Uint8Array[] } = {}): SimulatedBlock {
    const parent = this.head;
    const origin = this.#l1.blocks[options.origin ?? parent.l1Origin.number] as L1Block;
    const transactions = options.transactions ?? [transfer(parent.number)];
    const prepared = prepareAttributes(
      this.config,
      {
        parent,
        parentSystemConfig: this.blocks.at(-1)?.systemConfig ?? this.config.genesis.systemConfig,
        origin,
        receipts: origin.receipts,
      },
      keccak256,
    );
    const attributes = {
      ...prepared.attributes,
      transactions: [...prepared.attributes.transactions, ...transactions.map(bytesToHex)],
    };
    const systemConfig = systemConfigAsRecorded(this.config, prepared.systemConfig, attributes.timestamp);
    const payload = payloadOf(parent, attributes, systemConfig);
    const l1Origin = { hash: origin.hash, number: origin.number };
    const { sequenceNumber } = prepared;
    const ref = refOf(payload, parent, l1Origin, sequenceNumber);
    const batch: SingularBatch = {
      kind: "singular",
      parentHash: parent.hash,
      epochNumber: origin.number,
      epochHash: origin.hash,
      timestamp: attributes.timestamp,
      transactions,
    };
    const block = { ref, attributes, batch, payload, systemConfig };
    this.blocks.push(block);
    return block;
  }

  /** Builds up to the first block of an L1 origin, each block with the latest origin that its time allows. */
  buildTo(originNumber: number): void {
    if (this.#l1.head.number < originNumber) throw new Error("the L1 has no such block yet");
    while (this.head.l1Origin.number < originNumber) {
      const next = this.#l1.blocks[this.head.l1Origin.number + 1];
      const timestamp = this.head.timestamp + this.config.blockTime;
      this.build(next !== undefined && timestamp >= next.timestamp ? { origin: next.number } : {});
    }
  }
}

export function genesisRef(config: RollupConfig): L2BlockRef {
  const { l1, l2, l2Time } = config.genesis;
  return { ...l2, parentHash: hash("nothing"), timestamp: l2Time, l1Origin: l1, sequenceNumber: 0 };
}

function genesisPayload({ genesis }: RollupConfig): PayloadView {
  return {
    blockHash: genesis.l2.hash,
    parentHash: hash("nothing"),
    blockNumber: "0x0",
    timestamp: `0x${genesis.l2Time.toString(16)}`,
    gasLimit: "0x1c9c380",
    extraData: "0x",
    transactions: [],
  };
}

/** The made-up hash of a block: of its parent, time, gas limit and transactions. */
function simulatedHash(parent: Hex, { timestamp, gasLimit, transactions }: PayloadAttributes): Hex {
  const content = keccak_256(Buffer.concat(transactions.map((raw) => keccak_256(hexToBytes(raw)))));
  const numbers = Buffer.alloc(16);
  numbers.writeBigUInt64BE(BigInt(timestamp));
  numbers.writeBigUInt64BE(BigInt(gasLimit), 8);
  return bytesToHex(keccak_256(Buffer.concat([hexToBytes(parent), numbers, content])));
}

export function payloadOf(parent: L2BlockRef, attributes: PayloadAttributes, systemConfig: SystemConfig): PayloadView {
  const { timestamp, transactions, gasLimit, eip1559Params } = attributes;
  return {
    blockHash: simulatedHash(parent.hash, attributes),
    parentHash: parent.hash,
    blockNumber: `0x${(parent.number + 1).toString(16)}`,
    timestamp: `0x${timestamp.toString(16)}`,
    gasLimit: `0x${gasLimit.toString(16)}`,
    extraData: eip1559Params === undefined ? "0x" : `0x00${systemConfig.eip1559Params.slice(2)}`,
    transactions,
  };
}

export function refOf(
  payload: PayloadView,
  parent: L2BlockRef,
  l1Origin: { hash: Hex; number: number },
  sequenceNumber: number,
): L2BlockRef {
  const { blockHash, timestamp } = payload;
  return {
    hash: blockHash,
    number: parent.number + 1,
    parentHash: parent.hash,
    timestamp: Number(timestamp),
    l1Origin,
    sequenceNumber,
  };
}

/** A well-formed EIP-1559 transaction of chain 901; only its bytes matter. */
export function transfer(nonce: number): Uint8Array {
  const nonceHex =
    nonce === 0 ? "80" : nonce < 128 ? nonce.toString(16).padStart(2, "0") : `82${nonce.toString(16).padStart(4, "0")}`;
  // Signatures do not compress; they only look like these.
  const [r, s] = [hash("r", nonce), hash("s", nonce)].map((it) => `80${it.slice(4)}`);
  const body = `820385${nonceHex}010282520894${"aa".repeat(20)}0180c001a0${r}a0${s}`;
  const length = body.length / 2;
  return hexToBytes(`0x02f8${length.toString(16).padStart(2, "0")}${body}`);
}

let channelCount = 0;

/** Cuts batches into a channel's frames. */
export function channelFrames(
  config: RollupConfig,
  batches: readonly Batch[],
  options: { algorithm?: CompressionAlgorithm; frameData?: number } = {},
): Frame[] {
  const algorithm = options.algorithm ?? "brotli";
  const chain = { l2ChainId: config.l2ChainId, genesisTime: config.genesis.l2Time, blockTime: config.blockTime };
  const data = encodeChannel(algorithm, compress(algorithm, encodeChannelContent(batches, chain)));
  const size = options.frameData ?? data.length;
  const count = Math.ceil(data.length / size);
  channelCount++;
  const channelId: Hex = `0x${channelCount.toString(16).padStart(32, "0")}`;
  return Array.from({ length: count }, (_, i) => ({
    channelId,
    frameNumber: i,
    data: data.subarray(i * size, (i + 1) * size),
    isLast: i === count - 1,
  }));
}

/** One batcher transaction with these frames. */
export function batcherTransaction(frames: readonly Frame[], from?: Hex): L1Transaction {
  return calldata(encodeFrames(frames), from);
}

/** Drives a pipeline over the simulated L1 until it needs a block that is not mined yet. */
export class Driver {
  readonly pipeline: DerivationPipeline;
  readonly config: RollupConfig;
  readonly l1: SimulatedL1;
  readonly derived: DerivedAttributes[] = [];
  /** Payloads of the derived chain by number. */
  readonly payloads = new Map<number, PayloadView>();
  readonly needs = { blobs: 0, l2Blocks: 0 };
  safeHead: L2BlockRef;
  #beforeSpan: L2BlockRef;
  /** Decides which payloads the engine calls invalid. */
  invalid: (derived: DerivedAttributes) => boolean = () => false;

  constructor(config: RollupConfig, l1: SimulatedL1, start?: PipelineStart & { readonly safeHead: L2BlockRef }) {
    this.config = config;
    this.l1 = l1;
    this.pipeline = new DerivationPipeline({ config }, { keccak256, decompress });
    this.safeHead = start?.safeHead ?? genesisRef(config);
    this.#beforeSpan = this.safeHead;
    this.pipeline.reset({
      origin: start?.origin ?? (l1.blocks[0] as L1Block),
      systemConfig: start?.systemConfig ?? config.genesis.systemConfig,
      ...(start?.safeHeadDerivedFrom === undefined ? {} : { safeHeadDerivedFrom: start.safeHeadDerivedFrom }),
    });
    this.payloads.set(0, genesisPayload(config));
  }

  /** Derives all there is; returns how many blocks that were. */
  run(): number {
    const before = this.derived.length;
    for (let steps = 0; steps < 1_000_000; steps++) {
      const step = this.pipeline.step(this.safeHead);
      if (step.kind === "needL1Block") {
        const block = this.l1.blocks[step.number];
        if (block === undefined) return this.derived.length - before;
        this.pipeline.provideL1Block(block);
      } else if (step.kind === "needBlobs") {
        this.needs.blobs += step.blobs.length;
        this.pipeline.provideBlobs(
          step.blobs.map(({ versionedHash }) => this.l1.blobs.get(versionedHash) as Uint8Array),
        );
      } else if (step.kind === "needL2Block") {
        this.needs.l2Blocks++;
        this.pipeline.provideL2Block(this.payloads.get(step.number) as PayloadView);
      } else this.#process(step.derived);
    }
    throw new Error("the pipeline does not come to rest");
  }

  #process(first: DerivedAttributes): void {
    let derived: DerivedAttributes | null = first;
    if (this.invalid(first)) {
      derived = this.pipeline.rejectAttributes(first);
      if (derived === null) {
        this.safeHead = this.#beforeSpan;
        return;
      }
    }
    const { parent, attributes, l1Origin, sequenceNumber } = derived;
    const params = attributes.eip1559Params ?? "0x0000000000000000";
    const recorded = params === "0x0000000000000000" ? "0x000000fa00000006" : params;
    const payload = payloadOf(parent, attributes, { ...this.config.genesis.systemConfig, eip1559Params: recorded });
    this.payloads.set(parent.number + 1, payload);
    this.derived.push(derived);
    this.safeHead = refOf(payload, parent, l1Origin, sequenceNumber);
    if (derived.concluding) this.#beforeSpan = this.safeHead;
  }
}
