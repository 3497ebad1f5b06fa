import type { Batch, SingularBatch } from "../batch/batch.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { ProtocolError } from "../errors.ts";
import type { L1BlockRef, L2BlockRef } from "../types.ts";
import type { L2Lookup } from "./batch-rules.ts";
import { checkSingularBatch, checkSpanBatch, checkSpanBatchPrefix, singularBatchesOf } from "./batch-rules.ts";
import type { ChannelReader } from "./channel-reader.ts";
import type { L1Source } from "./l1-source.ts";
import type { NeedL2Block, Pull } from "./pull.ts";

export interface NextBatch {
  readonly batch: SingularBatch;
  readonly isLastInSpan: boolean;
  /** There was none on the L1 in time: its place is filled by rule. */
  readonly isMissing?: true;
}

interface Dependencies {
  readonly reader: ChannelReader;
  readonly source: L1Source;
  readonly lookup: L2Lookup;
}

/** What both batch stages share: the window of L1 origins, the blocks left of a span, and empty batches. */
abstract class BaseBatchStage {
  protected readonly config: RollupConfig;
  protected readonly reader: ChannelReader;
  protected readonly lookup: L2Lookup;
  readonly #source: L1Source;
  #origin: L1BlockRef;
  /** Consecutive. The first is the safe head's origin, or the one after when empty batches have filled an epoch. */
  protected l1Blocks: L1BlockRef[];
  #span: Omit<SingularBatch, "parentHash">[] = [];
  #spanAt = 0;

  constructor(config: RollupConfig, { reader, source, lookup }: Dependencies) {
    this.config = config;
    this.reader = reader;
    this.lookup = lookup;
    this.#source = source;
    this.#origin = source.origin;
    this.l1Blocks = [source.origin];
  }

  abstract next(parent: L2BlockRef): Pull<NextBatch>;

  get oldestOrigin(): L1BlockRef | undefined {
    return this.l1Blocks[0];
  }

  protected get origin(): L1BlockRef {
    return this.#origin;
  }

  /** Takes over the window of another stage, at Holocene's activation. */
  adopt(previous: BaseBatchStage): void {
    this.l1Blocks = previous.l1Blocks;
    this.#origin = previous.#origin;
  }

  protected updateOrigins(parent: L2BlockRef): void {
    const { origin } = this.#source;
    if (this.#origin.hash !== origin.hash) {
      this.#origin = origin;
      // Origins before the safe head's are read for their channels only.
      if (origin.number < parent.l1Origin.number) this.l1Blocks = [];
      else this.l1Blocks.push(origin);
    }
    const at = this.l1Blocks.findIndex((block) => block.number === parent.l1Origin.number);
    if (at > 0) this.l1Blocks = this.l1Blocks.slice(at);
  }

  /** The next block of the span in progress, if it fits the parent. If not, an earlier one was invalid. */
  protected nextOfSpan(parent: L2BlockRef): SingularBatch | null {
    const next = this.#span[this.#spanAt];
    if (next === undefined) return null;
    if (next.timestamp !== parent.timestamp + this.config.blockTime) {
      this.dropSpan();
      return null;
    }
    this.#spanAt++;
    return { ...next, parentHash: parent.hash };
  }

  protected startSpan(batches: Omit<SingularBatch, "parentHash">[]): void {
    this.#span = batches;
    this.#spanAt = 0;
  }

  dropSpan(): void {
    this.#span = [];
    this.#spanAt = 0;
  }

  protected get spanEmpty(): boolean {
    return this.#spanAt === this.#span.length;
  }

  protected checkEpoch(parent: L2BlockRef): void {
    const epoch = this.l1Blocks[0];
    if (epoch === undefined)
      throw new ProtocolError("PIPELINE_MISUSE", "no L1 origin is known", { parent: parent.hash });
    const { number, hash } = parent.l1Origin;
    if (hash !== epoch.hash && number !== epoch.number - 1) {
      throw new ProtocolError("L1_ORIGIN_MISMATCH", "the safe head's L1 origin is not on the L1 chain that is read", {
        parent: parent.hash,
        parentOrigin: hash,
        epoch: epoch.hash,
      });
    }
  }

  /** Once the sequencing window of an epoch is over, its blocks are made without batches. */
  protected emptyBatch(parent: L2BlockRef, outOfData: boolean): NextBatch | null {
    const [epoch, nextEpoch] = this.l1Blocks;
    if (epoch === undefined || nextEpoch === undefined) return null;
    const expiry = epoch.number + this.config.seqWindowSize;
    const expired = expiry < this.#origin.number || (expiry === this.#origin.number && outOfData);
    if (!expired) return null;
    const timestamp = parent.timestamp + this.config.blockTime;
    // At least one block an epoch, and as many as keep L2 time from falling behind the next L1 block's.
    if (timestamp >= nextEpoch.timestamp && epoch.number !== parent.l1Origin.number + 1) {
      this.l1Blocks = this.l1Blocks.slice(1);
      return null;
    }
    const batch: SingularBatch = {
      kind: "singular",
      parentHash: parent.hash,
      epochNumber: epoch.number,
      epochHash: epoch.hash,
      timestamp,
      transactions: [],
    };
    return { batch, isLastInSpan: true, isMissing: true };
  }
}

/** Before Holocene: batches wait in the order of their inclusion until they fit (specs/protocol/derivation.md, "Batch Queue"). */
export class BatchQueue extends BaseBatchStage {
  #batches: { readonly batch: Batch; readonly includedIn: L1BlockRef }[] = [];
  /** Read from the channel but not judged yet, since an L2 block is needed for it. */
  #arrived: Batch | null = null;

  next(parent: L2BlockRef): Pull<NextBatch> {
    const ofSpan = this.nextOfSpan(parent);
    if (ofSpan !== null) return { batch: ofSpan, isLastInSpan: this.spanEmpty };

    this.updateOrigins(parent);
    const behind = this.origin.number < parent.l1Origin.number;
    const arrived = this.#arrived ?? this.reader.next();
    if (arrived !== "eof" && (typeof arrived === "string" || arrived.kind === "needL2Block")) return arrived;
    const outOfData = arrived === "eof";
    if (!outOfData && !behind) {
      this.#arrived = arrived;
      const need = this.#add(arrived, parent);
      if (need !== null) return need;
      this.#arrived = null;
    }
    if (behind) return outOfData ? "eof" : "more";

    const next = this.#take(parent, outOfData);
    if (next !== null) return next;
    return outOfData ? "eof" : "more";
  }

  #add(batch: Batch, parent: L2BlockRef): NeedL2Block | null {
    const entry = { batch, includedIn: this.origin };
    const validity = this.#check(entry, parent);
    if (typeof validity !== "string") return validity;
    if (validity !== "drop") this.#batches.push(entry);
    return null;
  }

  /** The first batch in line that is valid now, or an empty one where none can come any more. */
  #take(parent: L2BlockRef, outOfData: boolean): NextBatch | NeedL2Block | null {
    this.checkEpoch(parent);
    const remaining: { readonly batch: Batch; readonly includedIn: L1BlockRef }[] = [];
    for (const [i, entry] of this.#batches.entries()) {
      const validity = this.#check(entry, parent);
      if (typeof validity !== "string") return validity;
      if (validity === "future") remaining.push(entry);
      if (validity === "undecided") {
        this.#batches = [...remaining, ...this.#batches.slice(i)];
        return null;
      }
      if (validity === "accept") {
        this.#batches = [...remaining, ...this.#batches.slice(i + 1)];
        return this.#open(entry.batch, parent);
      }
    }
    this.#batches = remaining;
    return this.emptyBatch(parent, outOfData);
  }

  #open(batch: Batch, parent: L2BlockRef): NextBatch | null {
    if (batch.kind === "singular") return { batch, isLastInSpan: true };
    const singular = singularBatchesOf(batch, this.l1Blocks, parent);
    if (singular === null) return null;
    this.startSpan(singular);
    const first = this.nextOfSpan(parent);
    return first === null ? null : { batch: first, isLastInSpan: this.spanEmpty };
  }

  #check(entry: { readonly batch: Batch; readonly includedIn: L1BlockRef }, parent: L2BlockRef) {
    const { config, l1Blocks } = this;
    const context = { config, l1Blocks, safeHead: parent, includedIn: entry.includedIn };
    return entry.batch.kind === "singular"
      ? checkSingularBatch(entry.batch, context)
      : checkSpanBatch(entry.batch, context, this.lookup);
  }
}

/** From Holocene on: batches in strict order, nothing waits (specs/protocol/holocene/derivation.md, "Batch Queue"). */
export class BatchStage extends BaseBatchStage {
  readonly #judgedBefore: number;
  /** Read from the channel but not judged yet, since an L2 block is needed for it. */
  #arrived: Batch | null = null;

  constructor(config: RollupConfig, dependencies: Dependencies & { readonly judgedBefore: number }) {
    super(config, dependencies);
    this.#judgedBefore = dependencies.judgedBefore;
  }

  next(parent: L2BlockRef): Pull<NextBatch> {
    this.updateOrigins(parent);
    // Channels up to the safe head's origin hold nothing but past batches; and see `PipelineStart.safeHeadDerivedFrom`.
    if (this.origin.number <= parent.l1Origin.number || this.origin.number < this.#judgedBefore) {
      this.#arrived = null;
      return this.reader.next() === "eof" ? "eof" : "more";
    }
    this.checkEpoch(parent);
    const candidate = this.#candidate(parent);
    if (candidate === "eof") return this.emptyBatch(parent, true) ?? "eof";
    if (typeof candidate === "string" || candidate.kind === "needL2Block") return candidate;
    switch (checkSingularBatch(candidate, this.#context(parent))) {
      case "accept":
        return { batch: candidate, isLastInSpan: this.spanEmpty };
      case "drop":
        this.flush();
        return "more";
      default:
        return "more";
    }
  }

  /** Fast channel invalidation: drops the rest of the span and of its channel. */
  flush(): void {
    this.dropSpan();
    this.#arrived = null;
    this.reader.flush();
  }

  #context(parent: L2BlockRef) {
    return { config: this.config, l1Blocks: this.l1Blocks, safeHead: parent, includedIn: this.origin };
  }

  #candidate(parent: L2BlockRef): Pull<SingularBatch> {
    const ofSpan = this.nextOfSpan(parent);
    if (ofSpan !== null) return ofSpan;
    const batch = this.#arrived ?? this.reader.next();
    if (typeof batch === "string" || batch.kind !== "span") return batch;
    this.#arrived = batch;
    const prefix = checkSpanBatchPrefix(batch, this.#context(parent), this.lookup);
    if ("kind" in prefix) return prefix;
    this.#arrived = null;
    if (prefix.validity === "accept") {
      // One block with an unknown origin invalidates the span: it must not stall derivation.
      const singular = singularBatchesOf(batch, this.l1Blocks, parent);
      if (singular !== null) {
        this.startSpan(singular);
        return this.nextOfSpan(parent) ?? "more";
      }
    }
    if (prefix.validity === "drop" || prefix.validity === "accept") this.flush();
    return "more";
  }
}
