import { EngineError } from "./errors.ts";
import { flatten } from "./flat.ts";
import { Channel } from "./native/channel.ts";
import type {
  BlockRef,
  CandidateId,
  Engine,
  EngineEvent,
  EngineOptions,
  EngineStats,
  ExecutionPayload,
  ExtendResult,
  ExtendSource,
  HeadChange,
  Heads,
  Hex,
  PayloadAttributes,
  PayloadStatus,
  SliceEngine,
  SnapshotInfo,
  SubmitResult,
  TransactionRange,
} from "./types.ts";

/**
 * Opens the engine of one rollup, creating its data directory or recovering what it holds.
 *
 * Any number of engines may be open in a process; a directory belongs to one at a time. An open engine keeps the process
 * alive until `close`.
 *
 * @throws EngineError with `ENGINE_INVALID_GENESIS`, `STATE_GENESIS_MISMATCH`, `STATE_LOCKED`, `STATE_CORRUPT`,
 *   `ENGINE_ADDON` and the codes of crates/state's errors.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { genesisJson, ...rest } = options;
  const { minTipWei, ...pool } = options.pool;
  const inFile = typeof genesisJson !== "string";
  const json = JSON.stringify({
    ...rest,
    ...(inFile ? { genesisFile: genesisJson.file } : {}),
    pool: minTipWei === undefined ? pool : { ...pool, minTipWei: minTipWei.toString() },
  });
  const inbox = new EventInbox();
  const channel = new Channel({ json, genesis: inFile ? "" : genesisJson, onEvent: inbox.receive });
  const opened: Opened = JSON.parse(await channel.opened);
  return new OpenedEngine(opened, { channel, inbox });
}

/** What opening answers with. */
interface Opened {
  readonly genesis: BlockRef;
  readonly heads: Heads;
  readonly chainConfig: Readonly<Record<string, unknown>>;
}

/** Keeps the heads current, and tells listeners. */
class EventInbox {
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  heads: Heads | undefined;

  readonly receive = (text: string, attachment: string | null): void => {
    const parsed: EngineEvent = JSON.parse(text);
    if (parsed.kind === "heads") this.heads = parsed.change.heads;
    const event =
      parsed.kind === "slice" && parsed.detail && attachment !== null
        ? { ...parsed, detail: { ...parsed.detail, flashblock: attachment } }
        : parsed;
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener's fault must not keep answers from others; it surfaces as an uncaught exception.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };

  add(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

class OpenedEngine implements Engine {
  readonly genesis: BlockRef;
  readonly chainConfig: Readonly<Record<string, unknown>>;
  readonly slices: SliceEngine = {
    open: (parent, attributes, slices) => {
      const named = typeof parent === "string" ? { hash: parent } : parent;
      return this.#request("open", { parent: named, attributes, slices });
    },
    resume: () => this.#request("resume", {}),
    watch: (watched) => this.#request<null>("watchSlices", { watched }).then(() => undefined),
    submitSync: (raw) => {
      this.#checkOpen();
      const { answer, cancel } = this.#channel.submitSync(raw);
      return { receipt: answer, cancel };
    },
  };
  readonly #channel: Channel;
  readonly #inbox: EventInbox;
  readonly #openedHeads: Heads;
  #closed: Promise<void> | undefined;

  constructor(opened: Opened, dependencies: { channel: Channel; inbox: EventInbox }) {
    this.genesis = opened.genesis;
    this.chainConfig = opened.chainConfig;
    this.#openedHeads = opened.heads;
    this.#channel = dependencies.channel;
    this.#inbox = dependencies.inbox;
  }

  heads(): Heads {
    return this.#inbox.heads ?? this.#openedHeads;
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    return this.#inbox.add(listener);
  }

  watchPool(watched: boolean): Promise<void> {
    return this.#request<null>("watchPool", { watched }).then(() => undefined);
  }

  open(
    parentHash: Hex,
    attributes: PayloadAttributes,
    options: { readonly brief?: boolean } = {},
  ): Promise<{ readonly candidate: CandidateId } & ExtendResult> {
    return this.#request("open", { parent: { hash: parentHash }, attributes, slices: "none", ...options });
  }

  extend(candidate: CandidateId, source: ExtendSource): Promise<ExtendResult> {
    return this.#request("extend", { candidate, source });
  }

  seal(candidate: CandidateId, options: { readonly brief?: boolean } = {}): Promise<ExecutionPayload> {
    return this.#request("seal", { candidate, ...options });
  }

  drop(candidate: CandidateId): Promise<void> {
    return this.#request<null>("drop", { candidate }).then(() => undefined);
  }

  newPayload(payload: ExecutionPayload): Promise<PayloadStatus> {
    return this.#request("newPayload", { payload });
  }

  setHeads(heads: { readonly unsafe: Hex; readonly safe?: Hex; readonly finalized?: Hex }): Promise<HeadChange | null> {
    return this.#request("setHeads", heads);
  }

  async submit(raw: readonly Uint8Array[]): Promise<readonly SubmitResult[]> {
    this.#checkOpen();
    return JSON.parse(await this.#channel.submit(flatten(raw)));
  }

  async query(method: string, params: string): Promise<string> {
    this.#checkOpen();
    return this.#channel.query(method, params);
  }

  payloadByHash(hash: Hex, options: { readonly brief?: boolean } = {}): Promise<ExecutionPayload | null> {
    return this.#request("payloadByHash", { hash, ...options });
  }

  payloadByNumber(number: number, options: { readonly brief?: boolean } = {}): Promise<ExecutionPayload | null> {
    return this.#request("payloadByNumber", { number, ...options });
  }

  messagePasserRoot(hash: Hex): Promise<Hex> {
    return this.#request("messagePasserRoot", { hash });
  }

  transactionRange(hash: Hex): Promise<TransactionRange | null> {
    return this.#request("transactionRange", { hash });
  }

  transactionLeaves(hash: Hex): Promise<readonly Hex[] | null> {
    return this.#request("transactionLeaves", { hash });
  }

  stats(): Promise<EngineStats | null> {
    return this.#request("stats", {});
  }

  writeSnapshot(snapshot: { path: string; number: number; first: number }): Promise<SnapshotInfo> {
    return this.#request("writeSnapshot", snapshot);
  }

  close(): Promise<void> {
    this.#closed ??= this.#channel.close();
    return this.#closed;
  }

  async #request<Answer>(operation: string, fields: object): Promise<Answer> {
    this.#checkOpen();
    return JSON.parse(await this.#channel.request(operation, fields)) as Answer;
  }

  #checkOpen(): void {
    if (this.#closed) throw new EngineError({ code: "ENGINE_CLOSED", message: "the engine is closed" });
  }
}
