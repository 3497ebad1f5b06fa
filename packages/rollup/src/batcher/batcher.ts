import { randomBytes } from "node:crypto";
import type { Engine, ExecutionPayload } from "@altlayer/engine";
import type { L2BlockRef, RollupConfig } from "@altlayer/protocol";
import { ChannelBuilder, compressionRatio, derivationParameters } from "@altlayer/protocol";
import type { Clock } from "../clock.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { DerivationDriver } from "../derivation/driver.ts";
import type { L1Data } from "../derivation/l1-data.ts";
import type { L2Chain } from "../derivation/l2-chain.ts";
import { describeError, isClosed, RollupError } from "../errors.ts";
import type { HeadWatcher } from "../l1/head-watcher.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { RoleTransactions } from "../l1/role-transactions.ts";
import type { Logger } from "../log.ts";
import type { CertifiedBranch } from "../mach/certified-branch.ts";
import type { BatcherTransaction, DataAvailability } from "./data-availability.ts";
import { cheaper, compressContent, frameSize, packFrames } from "./data-availability.ts";

export type BatcherOptions = Omit<NonNullable<NodeConfig["batcher"]>, "key" | "transactions"> & {
  readonly rollup: RollupConfig;
  /** L1 blocks that derivation stays behind the head. */
  readonly derivationConfirmations: number;
};

export interface BatcherDependencies {
  readonly engine: Engine;
  readonly driver: DerivationDriver;
  readonly l2: L2Chain;
  readonly l1: L1Reader;
  readonly l1Data: L1Data;
  readonly watcher: HeadWatcher;
  readonly transactions: Pick<RoleTransactions, "address" | "pending" | "send">;
  /** What certificates ask: only the certified branch is posted. `null` without MACH. */
  readonly certified: Pick<CertifiedBranch, "mayPost"> | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A closed channel on its way to the L1, until its blocks are safe. */
interface SubmittedChannel {
  readonly last: L2BlockRef;
  readonly bytes: number;
  /** Transactions not yet included. */
  outstanding: number;
  /** L1 block of the last included one. */
  includedIn: number;
}

/** The channel that takes blocks. */
interface OpenChannel {
  readonly builder: ChannelBuilder;
  readonly kind: DataAvailability;
  readonly openedMs: number;
}

/** Share of the sequencing window from which a block's batch counts as late. */
const LATE_AT = 0.5;

/** Bytes of a block of which nothing is known yet. */
const UNKNOWN_BLOCK_BYTES = 200;

/**
 * Brings unsafe blocks to the L1. It keeps nothing of its own on disk: where the L1's data ends, the safe head says.
 * After a start, and whenever what was sent did not become safe, it waits until all that is under way is included
 * and derived from, then goes on behind the safe head: no gap, and at most the channel under way twice.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #d: BatcherDependencies;
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  #paused = false;
  /** The last block taken into a channel; `null` while finding out where to go on. */
  #cursor: L2BlockRef | null = null;
  #open: OpenChannel | null = null;
  #queue: { readonly transaction: BatcherTransaction; readonly channel: SubmittedChannel }[] = [];
  #submitted: SubmittedChannel[] = [];
  #sending = 0;
  /** The heads that the cursor was last found below: as long as they stand, so does it. */
  #stoodUnder = "";
  /** Counts restarts, so that what an abandoned channel's transactions report is not mistaken. */
  #generation = 0;
  /** Compressed bytes per byte, as last seen. */
  #ratio = 0.6;
  #bytesPerBlock = UNKNOWN_BLOCK_BYTES;
  readonly #counts = { channels: 0, contentBytes: 0, compressedBytes: 0, restarts: 0 };

  constructor(options: BatcherOptions, dependencies: BatcherDependencies) {
    this.#options = options;
    this.#d = dependencies;
  }

  start(): void {
    this.#paused = false;
    this.#running ??= this.#run();
  }

  /** Sends nothing new until `start`: another node batches. What is under way is seen through. */
  pause(): void {
    this.#paused = true;
    this.#restart("paused");
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Bytes of unsafe blocks that are not yet known to be on the L1. */
  get backlogBytes(): number {
    const { unsafe, safe } = this.#d.engine.heads();
    const waiting = unsafe.number - Math.max(safe.number, this.#cursor?.number ?? safe.number);
    const open = this.#open?.builder.estimate.contentBytes ?? 0;
    const loaded = this.#submitted.reduce((sum, channel) => sum + channel.bytes, open);
    return loaded + waiting * this.#bytesPerBlock;
  }

  /** What the sequencer may put into a block while L1 falls behind; `null` for no limit. */
  get throttle(): number | null {
    return this.backlogBytes > this.#options.throttleAtBytes ? this.#options.throttledBlockBytes : null;
  }

  /** The last block up to which all data is included on the L1, as far as is known: safe, or in an included channel. */
  get posted(): { readonly number: number; readonly timestamp: number } {
    let posted: { readonly number: number; readonly timestamp: number } = this.#d.engine.heads().safe;
    for (const { last, outstanding } of this.#submitted) {
      if (outstanding > 0) break;
      if (last.number > posted.number) posted = last;
    }
    return posted;
  }

  /** What happened since the start. */
  get counts(): Readonly<Record<"channels" | "contentBytes" | "compressedBytes" | "restarts", number>> {
    return this.#counts;
  }

  /** Closes the open channel now instead of when it is full or old. */
  async flush(): Promise<void> {
    if (this.#open) await this.#closeChannel(this.#open);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#d;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      try {
        if (!this.#paused) await this.#turn();
        failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted || isClosed(error)) return;
        if (failures++ % 20 === 0) log.warn("batcher failed, will retry", { error: describeError(error) });
      }
      await clock.sleep(this.#options.pollMs, this.#closing.signal).catch(() => {});
    }
  }

  async #turn(): Promise<void> {
    this.#cursor ??= await this.#findStart();
    if (!this.#cursor) return;
    const problem = await this.#problem(this.#cursor);
    if (problem !== null) {
      this.#restart(problem);
      return;
    }
    await this.#load();
    if (this.#open && this.#isDue(this.#open)) await this.#closeChannel(this.#open);
    this.#send();
  }

  /** The safe head, once nothing of an earlier attempt is under way and derivation has read all that the L1 holds. */
  async #findStart(): Promise<L2BlockRef | null> {
    const { driver, engine, l2, transactions, watcher } = this.#d;
    if (transactions.pending > 0 || this.#sending > 0) return null;
    const latest = (await watcher.poll())?.latest.number;
    const { phase, idle, currentL1 } = driver.status;
    if (latest === undefined || phase !== "deriving" || !idle || !currentL1) return null;
    if (currentL1.number < latest - this.#options.derivationConfirmations) return null;
    const safe = await l2.byHash(engine.heads().safe.hash);
    this.#d.log.info("batching", { from: safe.number + 1 });
    return safe;
  }

  /** Why what was loaded or sent is of no use any more; forgets what has become safe. */
  async #problem(cursor: L2BlockRef): Promise<string | null> {
    const { driver, engine } = this.#d;
    const { safe, unsafe } = engine.heads();
    this.#submitted = this.#submitted.filter((channel) => channel.last.number > safe.number);
    if (cursor.number < safe.number) return "safe head is ahead";
    const heads = `${unsafe.hash} ${cursor.hash}`;
    if (heads !== this.#stoodUnder) {
      const canonical = await engine.payloadByNumber(cursor.number, { brief: true });
      if (canonical?.blockHash !== cursor.hash) return "L2 reorg";
      this.#stoodUnder = heads;
    }
    const { currentL1 } = driver.status;
    for (const channel of this.#submitted) {
      const readPast = currentL1 !== null && channel.outstanding === 0 && currentL1.number > channel.includedIn;
      if (readPast && channel.last.number > engine.heads().safe.number) return "channel did not become safe";
    }
    return null;
  }

  #restart(reason: string): void {
    this.#d.log.warn("batcher starts over at the safe head", { reason });
    this.#generation++;
    this.#counts.restarts++;
    this.#cursor = null;
    this.#open = null;
    this.#queue = [];
    this.#submitted = [];
  }

  async #load(): Promise<void> {
    const { engine, l2 } = this.#d;
    const { maxPendingTransactions } = this.#options;
    while (
      this.#cursor &&
      this.#cursor.number < engine.heads().unsafe.number &&
      this.#queue.length < maxPendingTransactions
    ) {
      const payload = await l2.payload(this.#cursor.number + 1);
      if (payload.parentHash !== this.#cursor.hash) {
        this.#restart("L2 reorg");
        return;
      }
      const block = l2.remember(payload);
      if (this.#d.certified && !this.#d.certified.mayPost(block)) return;
      this.#open ??= await this.#openChannel(block);
      if (!this.#open.builder.add(payload)) {
        await this.#closeChannel(this.#open);
        continue;
      }
      this.#cursor = block;
      this.#bytesPerBlock = Math.ceil(0.9 * this.#bytesPerBlock + 0.1 * transactionBytes(payload));
      if (this.#isDue(this.#open)) await this.#closeChannel(this.#open);
    }
  }

  async #openChannel(first: L2BlockRef): Promise<OpenChannel> {
    const { rollup, batches, targetChannelBytes } = this.#options;
    const kind = await this.#dataAvailability();
    const maxFrameSize = frameSize(kind, this.#options);
    const l1 = this.#d.watcher.heads?.latest;
    const { channelTimeout, maxRlpBytesPerChannel } = derivationParameters(rollup, l1?.timestamp ?? 0);
    const builder = new ChannelBuilder(
      {
        channelId: `0x${randomBytes(16).toString("hex")}`,
        batchKind: this.#isLate(first) ? "singular" : batches,
        algorithm: "brotli",
        maxFrameSize,
        targetFrames: Math.ceil(targetChannelBytes / maxFrameSize),
        expectedRatio: this.#ratio,
        openedAtL1: l1?.number ?? 0,
        // Half of the timeout is left for the frames to be included, and most of the sequencing window: no setting of
        // size or age may hold a channel back until its blocks' batches are void.
        maxL1Blocks: Math.max(1, Math.floor(Math.min(channelTimeout / 2, rollup.seqWindowSize / 4))),
        maxContentBytes: Math.min(50_000_000, maxRlpBytesPerChannel),
      },
      { config: rollup },
    );
    return { builder, kind, openedMs: this.#d.clock.nowMs() };
  }

  /**
   * Whether derivation may reach the end of that block's sequencing window before its batch is on the L1. Blocks of a
   * span stand and fall together: one that begins before the window's end and is included after it is void as a whole,
   * and so would be the next. Of singular batches, those of blocks that derivation has made by then are passed over.
   */
  #isLate({ l1Origin }: L2BlockRef): boolean {
    const l1Number = this.#d.watcher.heads?.latest.number ?? l1Origin.number;
    return l1Number - l1Origin.number >= LATE_AT * this.#options.rollup.seqWindowSize;
  }

  #isDue({ builder, openedMs }: OpenChannel): boolean {
    if (builder.blocks.length === 0) return false;
    if (builder.closeReason(this.#d.watcher.heads?.latest.number ?? 0) !== null) return true;
    return this.#d.clock.nowMs() - openedMs >= this.#options.maxChannelMs;
  }

  async #closeChannel({ builder, kind }: OpenChannel): Promise<void> {
    const last = builder.blocks.at(-1);
    if (!last) return;
    const generation = this.#generation;
    this.#open = null;
    const content = builder.content();
    const compressed = await compressContent(content);
    if (generation !== this.#generation) return;
    this.#ratio = compressionRatio(content.length, compressed.length);
    const transactions = packFrames(builder.seal(compressed), kind, this.#options);
    const submitted: SubmittedChannel = {
      last,
      bytes: content.length,
      outstanding: transactions.length,
      includedIn: 0,
    };
    this.#submitted.push(submitted);
    this.#counts.channels++;
    this.#counts.contentBytes += content.length;
    this.#counts.compressedBytes += compressed.length;
    for (const transaction of transactions) this.#queue.push({ transaction, channel: submitted });
    this.#d.log.info("channel closed", {
      blocks: builder.blocks.length,
      last: last.number,
      bytes: content.length,
      compressed: compressed.length,
      kind,
      transactions: transactions.length,
    });
    this.#send();
  }

  async #dataAvailability(): Promise<DataAvailability> {
    const wanted = this.#options.dataAvailability;
    if (wanted !== "cheaper") return wanted;
    const header = await this.#d.l1.headerByTag("latest");
    // An L1 without blobs (an L2 as L1) leaves no choice.
    if (!header || header.excessBlobGas === undefined) return "calldata";
    const { baseFeePerGas, blobBaseFee } = this.#d.l1Data.header(header);
    return cheaper(this.#options.targetChannelBytes, { baseFee: baseFeePerGas, blobBaseFee }, this.#options);
  }

  /** Hands queued transactions to the manager, in order, as many as may be under way. */
  #send(): void {
    const { transactions, log } = this.#d;
    while (this.#sending < this.#options.maxPendingTransactions) {
      const next = this.#queue.shift();
      if (!next) return;
      const generation = this.#generation;
      this.#sending++;
      const { data, blobs } = next.transaction;
      transactions
        .send({
          label: `batch up to ${next.channel.last.number}`,
          to: this.#options.rollup.batchInboxAddress,
          data,
          blobs,
        })
        .then(({ blockNumber, hash, success }) => {
          if (!success)
            throw new RollupError("TX_FAILED", `batcher transaction ${hash} failed`, { severity: "temporary" });
          next.channel.outstanding--;
          next.channel.includedIn = Math.max(next.channel.includedIn, blockNumber);
        })
        .catch((error: unknown) => {
          if (this.#closing.signal.aborted || isClosed(error)) return;
          log.warn("batcher transaction lost", { error: describeError(error) });
          // A missing frame makes the whole channel, and under Holocene all after it, useless.
          if (generation === this.#generation) this.#restart("transaction lost");
        })
        .finally(() => {
          this.#sending--;
        });
    }
  }
}

function transactionBytes(payload: ExecutionPayload): number {
  return payload.transactions.reduce((sum, transaction) => sum + transaction.length / 2, 0);
}
