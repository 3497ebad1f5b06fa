// Size: what becomes of a message of the stream depends on one block's state, from its first slice to its seal.
import type {
  Engine,
  ExecutionPayload,
  Hex,
  PayloadAttributes,
  PayloadStatus,
  ResumedCandidate,
  SliceMode,
} from "@altlayer/engine";
import { NO_TRANSACTION } from "@altlayer/protocol";
import { hexToBytes, keccak256 } from "viem/utils";
import { WebSocket } from "ws";
import type { Clock } from "../clock.ts";
import { fetchBranch } from "../derivation/fetch-branch.ts";
import { isInvalidBlock } from "../engine-errors.ts";
import { describeError } from "../errors.ts";
import { recoverBlockSigner } from "../gossip/block-signature.ts";
import type { Logger } from "../log.ts";
import { Wakeup } from "../signal.ts";
import type { OpenBlock } from "./open-block.ts";
import type { OpenBlockFile } from "./open-block-file.ts";
import { sliceIds } from "./slice-id.ts";
import { type Flashblock, type MarkMessage, parseSliceMessages, type SliceMessage } from "./slice-message.ts";
import { sliceSigningHash } from "./slice-signature.ts";
import { requestStreamBlock } from "./stream-blocks.ts";

export interface SliceFollowerOptions {
  /** The sequencer's slice stream, `ws://host:port/slices`. */
  readonly url: string;
  readonly chainId: number;
  /** How long a block's first slice waits for its parent to become this node's head. */
  readonly parentWaitMs: number;
  readonly maxReconnectMs: number;
  /** A standby journals what it follows, so that it can go on with it even after a crash of its own. */
  readonly mode: Exclude<SliceMode, "none">;
}

export interface SliceFollowerDependencies {
  readonly engine: Engine;
  /** Whose signature counts. */
  readonly signer: () => Hex;
  /** The one before, as long as its slices are still taken. */
  readonly previousSigner?: () => Hex | null;
  /** Makes a block the head that was built from its slices, unless the head has moved. */
  readonly adopt: (block: ExecutionPayload) => Promise<void>;
  /** Imports a sealed block that was missed, and makes it the head if it leads. */
  readonly insert: (payload: ExecutionPayload) => Promise<PayloadStatus>;
  /** Hears what is followed: MACH. */
  readonly witness: SliceWitness | null;
  /** Where the followed block is kept up to its last certification point. */
  readonly kept: Pick<OpenBlockFile, "on" | "keep"> | null;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who is told of blocks in the making, by whoever has the engine build them. */
export interface SliceWitness {
  /** A block is about to be opened with these attributes. */
  opening(height: number, attributes: PayloadAttributes): void;
  /** The sequencer signed that sealed block: itself, or a slice on it. */
  signed(blockHash: Hex): void;
  /** The sequencer marks a slice that came out the same here. */
  mark(mark: MarkMessage["mark"]): void;
  /** The sequencer signed a slice that came out otherwise here. */
  refuted(slice: RefutedSlice): void;
}

/** A slice that execution refutes, and what its block was opened with. */
export interface RefutedSlice {
  readonly height: number;
  readonly parentHash: Hex;
  readonly id: Hex;
  readonly attributes: PayloadAttributes;
  /** Of the block: the first that cannot be executed, 0 where its attributes open none; `NO_TRANSACTION` where all can, to other receipts. */
  readonly transactionIndex: number;
}

/** Largest message: a block's worth of transactions in hex, with receipts. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Messages that may wait to be executed; at the limit the connection is begun anew. */
const MAX_WAITING = 4_096;
/** Blocks behind at which the missing ones are asked for. */
const MIN_LAG = 2;
/** How long the own engine may take to publish a slice that it has executed. */
const OWN_ID_WAIT_MS = 1_000;

/** What became of the messages since the start. */
export interface SliceFollowerCounts {
  executed: number;
  refused: number;
  /** Slices that came out otherwise here than at the sequencer. */
  diverged: number;
}

/** A block that is built along. */
interface Following {
  block: ResumedCandidate;
  readonly parentHash: Hex;
  readonly number: number;
  next: number;
  lastId: Hex;
  /** Those of the slices that came out the same here. */
  readonly transactions: Hex[];
  /** As they came, from the first on. */
  readonly slices: Flashblock[];
}

/**
 * Executes the sequencer's slices as they come, so that this node's `pending` and its subscriptions show what the sequencer
 * has promised. Every slice is checked: the sequencer's signature, the chain of ids, and that execution here ends in the
 * same id. When the next block begins, the last one is sealed here, too: if it has the hash that the next one names as its
 * parent, it is the head without waiting for gossip.
 */
export class SliceFollower {
  readonly #options: SliceFollowerOptions;
  readonly #d: SliceFollowerDependencies;
  readonly #closing = new AbortController();
  readonly #counts: SliceFollowerCounts = { executed: 0, refused: 0, diverged: 0 };
  readonly #stopListening: () => void;
  #socket: WebSocket | null = null;
  #waiting: (SliceMessage | MarkMessage)[] = [];
  #working: Promise<void> = Promise.resolve();
  #following: Following | null = null;
  #catchingUp: Promise<void> | null = null;
  /** Ids that this node's engine came to, by index, of the block that is followed. */
  readonly #own = new Map<number, Hex>();
  /** Own ids, the head, or what waits have changed. */
  readonly #moved = new Wakeup();
  #running: Promise<void> | null = null;
  #ending = false;

  constructor(options: SliceFollowerOptions, dependencies: SliceFollowerDependencies) {
    this.#options = options;
    this.#d = dependencies;
    this.#stopListening = dependencies.engine.onEvent((event) => {
      if (event.kind === "slice" && event.parentHash === this.#following?.parentHash) {
        this.#own.set(event.index, event.id);
        this.#moved.poke();
      }
      if (event.kind === "heads") this.#moved.poke();
    });
  }

  get counts(): Readonly<SliceFollowerCounts> {
    return this.#counts;
  }

  /** What was executed of the block on that parent, if it is the one that is followed, or that was before a restart. */
  openBlock(parentHash: Hex): OpenBlock | null {
    const following = this.#following;
    if (following?.parentHash !== parentHash) return this.#d.kept?.on(parentHash) ?? null;
    return { attributes: following.block.attributes, transactions: [...following.transactions] };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    await this.#end();
    await this.#stopFollowing();
  }

  /** Ends following, and hands over the block that is built along: all its slices so far are executed. */
  async takeOver(): Promise<ResumedCandidate | null> {
    await this.#end();
    const following = this.#following;
    this.#following = null;
    if (!following || this.#d.engine.heads().unsafe.hash !== following.parentHash) return null;
    return following.block;
  }

  async #end(): Promise<void> {
    this.#ending = true;
    this.#moved.poke();
    this.#socket?.terminate();
    // What has come in is executed first: it is published, and must not be contradicted.
    await this.#working;
    this.#closing.abort();
    await this.#running;
    await this.#catchingUp;
    this.#stopListening();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#d;
    const { signal } = this.#closing;
    for (
      let backoffMs = 100;
      !signal.aborted && !this.#ending;
      backoffMs = Math.min(backoffMs * 2, this.#options.maxReconnectMs)
    ) {
      const reason = await this.#connection(() => {
        backoffMs = 100;
      });
      if (signal.aborted || this.#ending) return;
      log.warn("slice stream interrupted", { url: this.#options.url, reason });
      await clock.sleep(backoffMs, signal).catch(() => {});
    }
  }

  /** One connection, until it ends. */
  #connection(onOpen: () => void): Promise<string> {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.#options.url, {
        maxPayload: MAX_MESSAGE_BYTES,
        perMessageDeflate: false,
        handshakeTimeout: 5_000,
      });
      this.#socket = socket;
      let reason = "closed";
      socket.on("open", onOpen);
      socket.on("error", (error) => {
        reason = error.message;
      });
      socket.on("message", (data) => {
        if (!this.#take(String(data))) {
          reason = "the stream is faster than this node, or not a slice stream";
          socket.terminate();
        }
      });
      socket.on("close", () => resolve(reason));
    });
  }

  #take(text: string): boolean {
    const messages = parseSliceMessages(text);
    if (!messages || this.#waiting.length + messages.length > MAX_WAITING) {
      this.#counts.refused++;
      return false;
    }
    const isResting = this.#waiting.length === 0;
    this.#waiting.push(...messages);
    this.#moved.poke();
    if (isResting) this.#working = this.#work();
    return true;
  }

  async #work(): Promise<void> {
    for (let message = this.#waiting[0]; message && !this.#closing.signal.aborted; message = this.#waiting[0]) {
      if ("mark" in message) this.#mark(message);
      else {
        try {
          await this.#execute(message);
        } catch (error) {
          this.#d.log.warn("slice not executed", { ...place(message), error: describeError(error) });
          await this.#stopFollowing();
        }
      }
      this.#waiting.shift();
    }
  }

  /** Of a slice that was executed here and is the same; others are of no use. */
  #mark({ mark }: MarkMessage): void {
    const following = this.#following;
    if (following?.parentHash !== mark.parentHash || mark.index >= following.next) return;
    // First, so that what is signed of it can be had again.
    const { attributes } = following.block;
    this.#d.kept?.keep(mark.parentHash, { attributes, transactions: following.transactions });
    this.#d.witness?.mark(mark);
  }

  async #execute(message: SliceMessage): Promise<void> {
    const { slice, attributes, flashblock } = message;
    if (!this.#isSigned(message)) {
      this.#counts.refused++;
      this.#d.log.warn("slice is not signed by the sequencer", place(message));
      return;
    }
    if (slice.index === 0) {
      this.#d.witness?.signed(slice.parentHash);
      if (!(await this.#sealFollowed(message))) await this.#stopFollowing();
      if (attributes) await this.#open(message, attributes);
    } else {
      const following = this.#following;
      const follows =
        following?.parentHash === slice.parentHash &&
        following.next === slice.index &&
        following.lastId === slice.previousId;
      // Amid a block that was not followed from its start, or a gap: wait for the next block.
      if (!follows || !following) return await this.#stopFollowing();
      const { transactions } = flashblock.diff;
      const before = following.block.transactionCount;
      const result = await this.#d.engine.extend(following.block.candidate, { kind: "transactions", transactions });
      following.block = { ...following.block, ...result };
      const [first] = result.rejected;
      const isFirst = (raw: Hex) => keccak256(raw) === first?.hash;
      const index = before + (first ? Math.max(0, transactions.findIndex(isFirst)) : 0);
      await this.#compare(following, message, first && { index, problem: first.message });
    }
  }

  async #open(message: SliceMessage, attributes: NonNullable<SliceMessage["attributes"]>): Promise<void> {
    const { engine, clock } = this.#d;
    const { parentHash } = message.slice;
    const { slices } = engine;
    if (!slices) return;
    // Beside what waits: a source that does not answer must not hold up what gossip brings.
    this.#catchingUp ??= this.#catchUp(message).finally(() => {
      this.#catchingUp = null;
    });
    const deadlineMs = clock.nowMs() + this.#options.parentWaitMs;
    while (engine.heads().unsafe.hash !== parentHash) {
      // Meanwhile the block's slices queue up. Once the next block begins, this one is too late.
      const superseded = this.#waiting.some((later) => "slice" in later && later.slice.number > message.slice.number);
      if (superseded || this.#ending || clock.nowMs() >= deadlineMs) return;
      if (engine.heads().unsafe.number >= message.slice.number) return;
      await this.#moved.wait(deadlineMs - clock.nowMs(), clock, this.#closing.signal);
    }
    this.#own.clear();
    this.#d.witness?.opening(message.slice.number, attributes);
    const opened = await slices.open(parentHash, attributes, this.#options.mode).catch((error: unknown) => {
      // Nothing of the block can be executed.
      if (isInvalidBlock(error)) this.#refute(message, { attributes, before: [], transactionIndex: 0 });
      throw error;
    });
    const block = { ...opened, parentHash, attributes };
    this.#following = {
      block,
      parentHash,
      number: message.slice.number,
      next: 1,
      lastId: message.slice.id,
      transactions: [],
      slices: [message.flashblock],
    };
  }

  /** Fetches the blocks below a slice's, where more than the last one is missing: that may be on its way by gossip. */
  async #catchUp({ slice }: SliceMessage): Promise<void> {
    const { engine, insert, log } = this.#d;
    const lag = slice.number - 1 - engine.heads().unsafe.number;
    if (lag < MIN_LAG) return;
    const top = { number: slice.number - 1, hash: slice.parentHash };
    const { signal } = this.#closing;
    const request = (number: number) => requestStreamBlock({ stream: this.#options.url, number }, signal);
    try {
      const missing = await fetchBranch(top, { engine, request });
      if (!missing) log.warn("blocks that were missed are not to be had from the slices' source", { lag });
      for (const payload of missing ?? []) {
        if (signal.aborted || (await insert(payload)).status !== "VALID") return;
      }
    } catch (error) {
      if (!signal.aborted) log.warn("blocks that were missed are not imported", { error: describeError(error) });
    }
  }

  /** The next block begins: the followed one is complete. `false`: nothing was sealed. */
  async #sealFollowed({ slice }: SliceMessage): Promise<boolean> {
    const following = this.#following;
    const { engine, adopt, log } = this.#d;
    if (!following || following.number + 1 !== slice.number) return false;
    if (engine.heads().unsafe.hash !== following.parentHash) return false;
    this.#following = null;
    const block = await engine.seal(following.block.candidate, { brief: true });
    if (block.blockHash === slice.parentHash) {
      await adopt(block);
    } else {
      this.#counts.diverged++;
      log.error("block diverges", { number: following.number, theirs: slice.parentHash, ours: block.blockHash });
    }
    return true;
  }

  /** Whether the slice came out here as the sequencer published it. */
  async #compare(
    following: Following,
    message: SliceMessage,
    rejected: { readonly index: number; readonly problem: string } | undefined,
  ): Promise<void> {
    const { slice } = message;
    const { engine, clock } = this.#d;
    const deadlineMs = clock.nowMs() + OWN_ID_WAIT_MS;
    while (rejected === undefined && !this.#own.has(slice.index) && clock.nowMs() < deadlineMs) {
      // The head has moved on to the sealed block: nothing is published of it any more.
      if (this.#closing.signal.aborted || engine.heads().unsafe.hash !== following.parentHash) return;
      await this.#moved.wait(deadlineMs - clock.nowMs(), clock, this.#closing.signal);
    }
    const own = this.#own.get(slice.index);
    if (own === slice.id) {
      following.next = slice.index + 1;
      following.lastId = slice.id;
      following.transactions.push(...message.flashblock.diff.transactions);
      following.slices.push(message.flashblock);
      this.#counts.executed++;
      return;
    }
    this.#counts.diverged++;
    const problem = rejected?.problem;
    this.#d.log.error("slice diverges", { ...place(message), theirs: slice.id, ours: own ?? "none", problem });
    // One that the engine has not published in time may be right.
    if (own !== undefined || rejected) {
      const { attributes } = following.block;
      const transactionIndex = rejected?.index ?? NO_TRANSACTION;
      this.#refute(message, { attributes, before: following.slices, transactionIndex });
    }
    await this.#stopFollowing();
  }

  /** Tells of a slice that execution refutes, if it is what the sequencer signed, and not what became of it on the way. */
  #refute(
    { slice, flashblock }: SliceMessage,
    refuted: { attributes: PayloadAttributes; before: readonly Flashblock[]; transactionIndex: number },
  ): void {
    const { attributes, before, transactionIndex } = refuted;
    const { number: height, parentHash, id } = slice;
    const { chainId } = this.#options;
    const ids = sliceIds({ chainId, parentHash, attributes, slices: [...before, flashblock] });
    if (ids?.at(-1) === id) this.#d.witness?.refuted({ height, parentHash, id, attributes, transactionIndex });
    else this.#d.log.warn("a slice is not what its id says: it was changed on the way", { height, id });
  }

  #isSigned({ slice, signature }: SliceMessage): boolean {
    const bytes = hexToBytes(signature);
    // 27 and 28 on the wire, as wallets sign; the recovery id inside.
    bytes[64] = (bytes[64] ?? 0) - 27;
    const digest = hexToBytes(sliceSigningHash({ chainId: this.#options.chainId, id: slice.id }));
    try {
      const signer = recoverBlockSigner(digest, bytes);
      return signer === this.#d.signer().toLowerCase() || signer === this.#d.previousSigner?.()?.toLowerCase();
    } catch {
      return false;
    }
  }

  async #stopFollowing(): Promise<void> {
    const following = this.#following;
    this.#following = null;
    if (following) await this.#d.engine.drop(following.block.candidate).catch(() => {});
  }
}

function place({ slice }: SliceMessage) {
  return { number: slice.number, index: slice.index };
}
