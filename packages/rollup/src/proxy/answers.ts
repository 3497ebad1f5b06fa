import type { Hex } from "@altlayer/engine";
import { invalidParams, serverError } from "../rpc/errors.ts";
import { type BlockId, type BlockTag, blockId, hash as hashSchema } from "../rpc/json-rpc/params.ts";
import { proxyError } from "./errors.ts";
import type { Pinning } from "./method-table.ts";
import { type Pin, quantityOf } from "./pin.ts";
import type { BlockRef, Upstream } from "./upstream.ts";

type Params = readonly unknown[];
export interface Question {
  readonly method: string;
  readonly params: Params;
}

/** Answers a question of the table, every block in it named by the pinned hash. */
export class Answers {
  readonly #upstream: Upstream;

  constructor(dependencies: { readonly upstream: Upstream }) {
    this.#upstream = dependencies.upstream;
  }

  async answer(question: Question, pinning: Pinning, pin: Pin): Promise<unknown> {
    const { method, params } = question;
    switch (pinning.kind) {
      case "none":
        return this.#upstream.call(method, params, { idempotent: pinning.idempotent ?? true });
      case "state":
        return this.#state(question, pinning.at, pin);
      case "number":
        return this.#byNumber(question, pinning.byHash, pin);
      case "hash":
        return this.#byHash(question, pin);
      case "id":
        return this.#byId(question, pin);
      case "transaction":
        return this.#transaction(question, pinning.unmined, pin);
      case "newest":
        return this.#newest(question, pinning.at, pin);
      default:
        return pinning satisfies never;
    }
  }

  /**
   * State at a block. The next nonce for a sender is the one question about the pool: asked at `pending` it is the
   * upstream's, since a wallet that did not count what it has sent would send it again.
   */
  async #state({ method, params }: Question, at: number, pin: Pin): Promise<unknown> {
    const given = params[at] ?? undefined;
    if (method === "eth_getTransactionCount" && given === "pending") {
      pin.final();
      return this.#upstream.call(method, params);
    }
    const ref = await this.#refOf(parseId(given), pin);
    if (ref === null) throw serverError("header not found");
    const named = params.length > at ? params.with(at, byHash(ref)) : [...params, ...padding(params, at), byHash(ref)];
    return this.#upstream.call(method, named);
  }

  async #byNumber({ method, params }: Question, byHashMethod: string, pin: Pin): Promise<unknown> {
    const id = parseId(params[0]);
    if (typeof id === "object") throw invalidParams("invalid argument 0: hex string without 0x prefix");
    const ref = await this.#refOf(id, pin);
    if (ref === null) return null;
    const named = params.with(0, ref.hash);
    if (method !== "eth_getBlockByNumber") return this.#upstream.call(byHashMethod, named);
    return (await this.#upstream.block(ref.hash, params[1] === true))?.block ?? null;
  }

  async #byHash({ method, params }: Question, pin: Pin): Promise<unknown> {
    const hash = parseHash(params[0]);
    const found = await this.#upstream.block(hash, method === "eth_getBlockByHash" && params[1] === true);
    if (found === null || !pin.shows(found.header.number)) return null;
    return method === "eth_getBlockByHash" ? found.block : this.#upstream.call(method, params);
  }

  async #byId({ method, params }: Question, pin: Pin): Promise<unknown> {
    const ref = await this.#refOf(parseId(params[0]), pin);
    return ref === null ? null : this.#upstream.call(method, params.with(0, ref.hash));
  }

  /** What is above the certified head is shown as not mined yet. */
  async #transaction({ method, params }: Question, unmined: "null" | "pending", pin: Pin): Promise<unknown> {
    pin.final();
    const answer = await this.#upstream.call(method, params);
    if (answer === null || typeof answer !== "object") return null;
    const blockNumber: unknown = Reflect.get(answer, "blockNumber");
    if (typeof blockNumber !== "string") return unmined === "pending" ? answer : null;
    const number = Number(blockNumber);
    if (pin.shows(number)) {
      const certified = pin.certifiedAt(number);
      if (certified === null || Reflect.get(answer, "blockHash") === certified.hash) return answer;
      throw proxyError("UPSTREAM_MOVED", `block ${number} is another one than was certified`, { number });
    }
    return unmined === "null" ? null : { ...answer, blockHash: null, blockNumber: null, transactionIndex: null };
  }

  async #newest({ method, params }: Question, at: number, pin: Pin): Promise<unknown> {
    const id = parseId(params[at]);
    if (typeof id === "object") throw invalidParams(`invalid argument ${at}: hex string without 0x prefix`);
    const ref = await this.#refOf(id, pin);
    if (ref === null) throw serverError("request beyond head block");
    const answer = await this.#upstream.call(method, params.with(at, quantityOf(ref.number)));
    await pin.confirm(ref);
    return answer;
  }

  /** The block meant, by hash. `null`: there is none that may be shown. */
  async #refOf(id: BlockId, pin: Pin): Promise<BlockRef | null> {
    if (typeof id === "object" && "blockHash" in id) {
      const found = await this.#upstream.block(id.blockHash, false);
      if (found === null || !pin.shows(found.header.number)) return null;
      return { number: found.header.number, hash: id.blockHash };
    }
    const named = typeof id === "object" ? id.blockNumber : id;
    if (!named.startsWith("0x")) return pin.resolve(named as BlockTag);
    const number = Number(named);
    if (!pin.shows(number)) return null;
    return pin.certifiedAt(number) ?? this.#upstream.canonical(quantityOf(number));
  }
}

function byHash({ hash }: BlockRef): object {
  // A block that left the chain meanwhile is an error, not an answer from beside it.
  return { blockHash: hash, requireCanonical: true };
}

/** Positions before the block's that the client left out. */
function padding(params: Params, at: number): readonly null[] {
  return Array.from({ length: Math.max(0, at - params.length) }, () => null);
}

function parseId(value: unknown): BlockId {
  const parsed = blockId.safeParse(value ?? "latest");
  if (parsed.success) return parsed.data;
  throw invalidParams("invalid argument: no block number, tag or hash");
}

function parseHash(value: unknown): Hex {
  const parsed = hashSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidParams("invalid argument 0: no hash");
}
