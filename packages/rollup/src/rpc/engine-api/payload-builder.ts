import { createHash } from "node:crypto";
import type { CandidateId, Engine, ExecutionPayload, Hex, PayloadAttributes } from "@altlayer/engine";
import { engineErrorCode, invalidPayloadAttributes, unknownPayload } from "../errors.ts";

export interface PayloadBuilderOptions {
  /** Payloads kept at a time; the oldest is dropped for a new one, as go-ethereum's payload queue does. */
  readonly payloads: number;
  /** Pause between two looks into the pool. */
  readonly extendEveryMs: number;
  /** A payload that nobody fetches stops growing after so long. */
  readonly lifetimeMs: number;
}

export const defaultPayloadBuilder: PayloadBuilderOptions = {
  payloads: 10,
  extendEveryMs: 25,
  lifetimeMs: 60_000,
};

interface Build {
  readonly candidate: CandidateId;
  readonly deadline: number;
  stopped: boolean;
  growing: Promise<void>;
  sealed: Promise<ExecutionPayload> | undefined;
}

/**
 * Payloads under construction for the Engine API. With `noTxPool: false` a payload keeps taking transactions from the
 * pool until it is fetched.
 */
export class PayloadBuilder {
  readonly #options: PayloadBuilderOptions;
  readonly #engine: Engine;
  readonly #builds = new Map<Hex, Build>();
  #opening: Promise<unknown> = Promise.resolve();

  constructor(options: PayloadBuilderOptions, dependencies: { readonly engine: Engine }) {
    this.#options = options;
    this.#engine = dependencies.engine;
  }

  /** Starts a payload. The same parent and attributes give the same id and are built once. */
  start(request: {
    readonly parentHash: Hex;
    readonly attributes: PayloadAttributes;
    readonly version: number;
  }): Promise<Hex> {
    const id = payloadId(request);
    const opened = this.#opening.then(() => this.#open(id, request));
    this.#opening = opened.catch(() => undefined);
    return opened.then(() => id);
  }

  /** Seals a payload and returns it; fetching again returns the same. */
  async fetch(id: Hex): Promise<ExecutionPayload> {
    const build = this.#builds.get(id);
    if (build === undefined) throw unknownPayload();
    build.sealed ??= this.#seal(build);
    return build.sealed;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#builds.values()].map((build) => this.#discard(build)));
    this.#builds.clear();
  }

  async #open(
    id: Hex,
    { parentHash, attributes }: { readonly parentHash: Hex; readonly attributes: PayloadAttributes },
  ): Promise<void> {
    if (this.#builds.has(id)) return;
    const { candidate } = await this.#engine.open(parentHash, attributes).catch((error: unknown) => {
      // The attributes' own transactions or fields do not make a block (exec-engine.md: -38003).
      const code = engineErrorCode(error);
      if (!(error instanceof Error) || (code !== "INVALID_ATTRIBUTES" && code !== "INVALID_TRANSACTION")) throw error;
      throw invalidPayloadAttributes(error.message);
    });
    const build: Build = {
      candidate,
      deadline: Date.now() + this.#options.lifetimeMs,
      stopped: attributes.noTxPool,
      growing: Promise.resolve(),
      sealed: undefined,
    };
    this.#builds.set(id, build);
    if (!attributes.noTxPool) build.growing = this.#grow(build);
    await this.#evict();
  }

  async #grow(build: Build): Promise<void> {
    while (!build.stopped && Date.now() < build.deadline) {
      await this.#engine.extend(build.candidate, {
        kind: "pool",
        maxMs: this.#options.extendEveryMs * 4,
      });
      if (build.stopped) return;
      await new Promise((resolve) => setTimeout(resolve, this.#options.extendEveryMs).unref());
    }
  }

  async #seal(build: Build): Promise<ExecutionPayload> {
    build.stopped = true;
    await build.growing;
    return this.#engine.seal(build.candidate);
  }

  async #evict(): Promise<void> {
    for (const [id, build] of this.#builds) {
      if (this.#builds.size <= this.#options.payloads) return;
      this.#builds.delete(id);
      await this.#discard(build);
    }
  }

  async #discard(build: Build): Promise<void> {
    build.stopped = true;
    await build.growing.catch(() => undefined);
    if (build.sealed === undefined) await this.#engine.drop(build.candidate).catch(() => undefined);
  }
}

/** Eight bytes that name a payload: the version, then a hash over all that decides its content (as op-geth's `BuildPayloadArgs.Id`). */
function payloadId(request: {
  readonly parentHash: Hex;
  readonly attributes: PayloadAttributes;
  readonly version: number;
}): Hex {
  const { parentHash, attributes, version } = request;
  const digest = createHash("sha256").update(parentHash);
  const { transactions, ...scalars } = attributes;
  digest.update(JSON.stringify(scalars));
  for (const transaction of transactions) digest.update(transaction).update(",");
  return `0x${version.toString(16).padStart(2, "0")}${digest.digest("hex").slice(0, 14)}`;
}
