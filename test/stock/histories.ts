import {
  type Batch,
  bytesToHex,
  type DerivedAttributes,
  encodeBatch,
  type Frame,
  type Hex,
  isDepositTransaction,
  isProtocolError,
  type L1Block,
  type L1Receipt,
  type L1Transaction,
  l2BlockRefFromPayload,
  makeSpanBatch,
  type PayloadView,
  prepareAttributes,
  type RollupConfig,
  type SingularBatch,
  type SpanBatch,
  systemConfigAsRecorded,
  systemConfigFromPayload,
} from "@altlayer/protocol";
import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { configReceipt, depositReceipt } from "../../packages/protocol/test/support/chains.ts";
import {
  batcherTransaction,
  calldata,
  channelFrames,
  Driver,
  hash,
  payloadOf,
  refOf,
  SimulatedL1,
  testConfig,
} from "../../packages/protocol/test/support/simulation.ts";

import { transactions } from "../../packages/protocol/test/support/transactions.ts";

/** Accounts of the first two keys of the well-known test mnemonic: the stock side signs with them. */
export const BATCHER: Hex = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
export const STRANGER: Hex = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

/** An L1 on which a batcher did right and wrong in all ways that we could think of. */
export interface History {
  readonly config: RollupConfig;
  readonly l1: SimulatedL1;
  /** Whether the engine refuses what was derived; see `Case` in go/op/derive. */
  readonly invalid: number;
}

export function refuses(history: Pick<History, "config" | "invalid">, derived: DerivedAttributes): boolean {
  const { attributes, parent } = derived;
  if (history.invalid === 0 || attributes.transactions.every(isDepositTransaction)) return false;
  const { blockHash } = payloadOf(parent, attributes, history.config.genesis.systemConfig);
  return Number(`0x${blockHash.slice(-2)}`) % history.invalid === 0;
}

/** The same history for the same seed. A third each before Holocene, from Holocene on, and across its activation. */
export function randomHistory(seed: number): History {
  return new HistoryBuilder(seed).build();
}

class HistoryBuilder {
  readonly #random: () => number;
  readonly #config: RollupConfig;
  readonly #l1 = new SimulatedL1();
  readonly #driver: Driver;
  readonly #invalid: number;
  /** Transactions of the next L1 block, and frames that are kept for later. */
  #queue: L1Transaction[] = [];
  #held: Frame[] = [];
  readonly #transactions: readonly Uint8Array[];

  constructor(seed: number) {
    this.#random = xorshift(seed);
    const holocene = [undefined, 0, 10 + this.#below(20)][seed % 3];
    const base = testConfig({
      seqWindowSize: this.#pick([6, 15, 60, 200, 200]),
      ...(holocene === undefined ? {} : { holocene }),
    });
    const systemConfig = { ...base.genesis.systemConfig, batcherAddress: BATCHER };
    this.#config = { ...base, genesis: { ...base.genesis, systemConfig } };
    this.#invalid = this.#chance(0.4) ? this.#pick([3, 8, 20]) : 0;
    this.#transactions = fc.sample(transactions(base.l2ChainId), { numRuns: 50, seed });
    this.#driver = new Driver(this.#config, this.#l1);
    this.#driver.invalid = (derived) => refuses({ config: this.#config, invalid: this.#invalid }, derived);
  }

  build(): History {
    for (let i = 0; i < 3; i++) this.#mine();
    const events = 10 + this.#below(40);
    for (let i = 0; i < events; i++) {
      this.#driver.run();
      const event = this.#below(12);
      if (event < 8) this.#send();
      else if (event < 10) for (let n = 1 + this.#below(this.#chance(0.15) ? 60 : 4); n > 0; n--) this.#mine();
      else this.#release();
    }
    return { config: this.#config, l1: this.#l1, invalid: this.#invalid };
  }

  #mine(): void {
    const receipts: L1Receipt[] = [];
    if (this.#chance(0.15)) receipts.push(depositReceipt(0, this.#below(100)));
    if (this.#chance(0.05)) receipts.push(configReceipt(2, BigInt(20_000_000 + this.#below(40_000_000))));
    if (this.#chance(0.03)) receipts.push(configReceipt(4, (250n << 32n) | BigInt(2 + this.#below(8))));
    if (this.#chance(0.02)) receipts.push(configReceipt(0, BigInt(this.#chance(0.3) ? STRANGER : BATCHER)));
    // Now and then L1 blocks in a row without L2 time between them, or so late that the sequencer drift is exceeded.
    const odd = this.#chance(0.1) ? this.#pick(this.#chance(0.1) ? [2500] : [1, 2, 3, 36]) : 12;
    this.#l1.mine({ transactions: this.#queue, receipts, seconds: odd });
    this.#queue = [];
  }

  #send(): void {
    const channels = this.#chance(0.2) ? [this.#channel(), this.#channel()] : [this.#channel()];
    let frames = this.#disorder(channels.flat());
    while (frames.length > 0) {
      const count = 1 + this.#below(this.#chance(0.5) ? 1 : 4);
      this.#queue.push(batcherTransaction(frames.slice(0, count), this.#chance(0.03) ? STRANGER : BATCHER));
      frames = frames.slice(count);
      if (this.#chance(0.3)) this.#mine();
    }
    if (this.#chance(0.1)) {
      const garbage = Uint8Array.from({ length: this.#below(60) }, () => this.#below(3));
      this.#queue.push(calldata(garbage, BATCHER));
    }
    this.#mine();
  }

  #release(): void {
    this.#queue.push(...this.#held.map((frame) => batcherTransaction([frame], BATCHER)));
    this.#held = [];
    this.#mine();
  }

  #disorder(given: readonly Frame[]): Frame[] {
    let frames = [...given];
    if (this.#chance(0.15)) frames = this.#shuffled(frames);
    if (this.#chance(0.1)) frames = frames.filter(() => !this.#chance(0.2));
    if (this.#chance(0.1)) frames = frames.flatMap((frame) => (this.#chance(0.2) ? [frame, frame] : [frame]));
    if (this.#chance(0.05)) frames = frames.map((it) => (this.#chance(0.1) ? { ...it, isLast: !it.isLast } : it));
    if (this.#chance(0.15) && frames.length > 1) {
      const cut = this.#below(frames.length);
      this.#held.push(...frames.slice(cut));
      frames = frames.slice(0, cut);
    }
    return frames;
  }

  #channel(): Frame[] {
    const blocks = this.#blocks(1 + this.#below(this.#chance(0.3) ? 40 : 10), this.#chance(0.2) ? this.#below(6) : 0);
    let rest = this.#chance(0.1) ? blocks.slice(1 + this.#below(2)) : blocks;
    const batches: Batch[] = [];
    while (rest.length > 0) {
      const count = 1 + this.#below(rest.length);
      const part = rest.slice(0, count);
      rest = rest.slice(count);
      const span = this.#chance(0.5) ? this.#span(part) : null;
      if (span !== null) batches.push(span);
      else batches.push(...part.map((batch) => (this.#chance(0.06) ? this.#spoiled(batch) : batch)));
    }
    if (this.#chance(0.05)) batches.reverse();
    if (this.#chance(0.05)) batches.push(...batches);
    if (batches.length === 0) return [];
    return channelFrames(this.#config, batches, {
      algorithm: this.#chance(0.5) ? "zlib" : "brotli",
      ...(this.#chance(0.6) ? { frameData: 100 + this.#below(600) } : {}),
    });
  }

  /** Batches of blocks on the safe head, or on a block some way behind it. */
  #blocks(count: number, behind: number): SingularBatch[] {
    const config = this.#config;
    let payload = this.#driver.payloads.get(Math.max(0, this.#driver.safeHead.number - behind)) as PayloadView;
    let parent = l2BlockRefFromPayload(config, payload);
    let systemConfig = systemConfigFromPayload(config, payload);
    const batches: SingularBatch[] = [];
    for (let i = 0; i < count; i++) {
      const timestamp = parent.timestamp + config.blockTime;
      const next = this.#l1.blocks[parent.l1Origin.number + 1];
      const moves = next !== undefined && timestamp >= next.timestamp && this.#chance(0.9);
      const origin = moves ? next : (this.#l1.blocks[parent.l1Origin.number] as L1Block);
      const empty = (timestamp > origin.timestamp + 1800 && this.#chance(0.9)) || this.#chance(0.1);
      const chosen = Array.from({ length: empty ? 0 : 1 + this.#below(3) }, () => this.#pick(this.#transactions));
      const block = { parent, parentSystemConfig: systemConfig, origin, receipts: origin.receipts };
      const prepared = prepareAttributes(config, block, keccak_256);
      const attributes = {
        ...prepared.attributes,
        transactions: [...prepared.attributes.transactions, ...chosen.map(bytesToHex)],
      };
      const { number, hash: epochHash } = origin;
      const batch = { parentHash: parent.hash, epochNumber: number, epochHash, timestamp, transactions: chosen };
      batches.push({ kind: "singular", ...batch });
      systemConfig = systemConfigAsRecorded(config, prepared.systemConfig, timestamp);
      payload = payloadOf(parent, attributes, systemConfig);
      parent = refOf(payload, parent, { hash: epochHash, number }, prepared.sequenceNumber);
    }
    return batches;
  }

  #spoiled(batch: SingularBatch): SingularBatch {
    const other = this.#l1.blocks[batch.epochNumber + this.#pick([-1, 1, 2])];
    const spoiled: readonly Partial<SingularBatch>[] = [
      { epochNumber: Math.max(0, batch.epochNumber + this.#pick([-1, 1, 2, 5])) },
      other === undefined ? {} : { epochNumber: other.number, epochHash: other.hash },
      { epochHash: hash("another chain") },
      { timestamp: batch.timestamp + this.#pick([-4, -2, -1, 1, 2, 4]) },
      { parentHash: hash("another parent") },
      { transactions: [...batch.transactions, new Uint8Array(0)] },
      { transactions: [Uint8Array.of(0x7e, 0xc0)] },
      { transactions: [Uint8Array.of(4, 0xc0)] },
      { transactions: [] },
    ];
    return { ...batch, ...this.#pick(spoiled) };
  }

  /** Null where the batches do not make one, as after a dropped block. */
  #span(batches: readonly SingularBatch[]): SpanBatch | null {
    const { l2ChainId, genesis, blockTime } = this.#config;
    const chain = { l2ChainId, genesisTime: genesis.l2Time, blockTime };
    try {
      const span = makeSpanBatch(batches, this.#chance(0.5), chain);
      const given = this.#chance(0.06) ? { ...span, ...this.#spoiledSpan(span) } : span;
      encodeBatch(given, chain);
      return given;
    } catch (error) {
      if (isProtocolError(error)) return null;
      throw error;
    }
  }

  #spoiledSpan(span: SpanBatch): Partial<SpanBatch> {
    const wrong: Hex = `0x${"12".repeat(20)}`;
    const flipped = span.blocks.map((it) => (this.#chance(0.2) ? { ...it, originChanged: !it.originChanged } : it));
    const spoiled: readonly Partial<SpanBatch>[] = [
      { parentCheck: wrong },
      { l1OriginCheck: wrong },
      {
        relativeTimestamp: Math.max(0, Number(span.relativeTimestamp) + this.#pick([-4, -3, -2, -1, 1, 2, 4])),
      },
      { lastEpochNumber: Math.max(0, Number(span.lastEpochNumber) + this.#pick([-2, -1, 1, 2])) },
      { blocks: flipped },
    ];
    return this.#pick(spoiled);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.#random() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
  }
}

function xorshift(seed: number): () => number {
  let state = (seed * 7919 + 13) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  // Small seeds need a few rounds to spread.
  for (let i = 0; i < 20; i++) next();
  return next;
}
