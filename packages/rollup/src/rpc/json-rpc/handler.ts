import type { RawJson } from "@altlayer/engine";
import { invalidRequest, limitExceeded, methodNotFound, parseError, responseTooLarge, toWireError } from "../errors.ts";
import type { RpcLimits } from "../options.ts";
import type { ByteBudget, ByteHolding } from "./byte-budget.ts";
import { isDeeperThan } from "./depth.ts";
import type { CallContext, Outcome, RpcMethod } from "./method.ts";
import { Turns } from "./turns.ts";

export type RequestOutcome = "ok" | "error" | "limited" | "internal";
export type RequestObserver = (request: {
  /** Null for an unknown one: its name is the client's text. */
  readonly method: string | null;
  readonly outcome: RequestOutcome;
  readonly seconds: number;
}) => void;

export interface HandlerDependencies {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  /** Brings the chain to its schedule, before a method that looks at it runs. */
  readonly current?: () => Promise<void>;
  /** Told of every request that reached a method, or named one that there is not. */
  readonly observe?: RequestObserver;
  /** Told about errors that are ours: a handler threw something without a JSON-RPC code. */
  readonly onInternalError?: (failure: { readonly method: string; readonly error: unknown }) => void;
}

/** So many batches run at the full limit of requests at a time; more share it. */
const BATCH_SHARE = 4;
/** Answers of batches above this are put together one in a turn: a megabyte takes some milliseconds. */
const LARGE_ANSWER_BYTES = 64 * 1024;

/** Methods that look at no block, or that wake the chain by what they bring. */
const TIMELESS = /^(net|web3|admin|engine)_|^eth_(chainId|sendRawTransaction(Sync)?|protocolVersion)$/;

/**
 * JSON-RPC 2.0 over any transport: one body in, one response text out (`undefined` when only notifications came).
 * Results are spliced into the response as the JSON text that the handler returned.
 */
export class JsonRpcHandler {
  readonly #limits: RpcLimits;
  readonly #dependencies: HandlerDependencies;
  /** Batches being answered. */
  #batches = 0;
  readonly #turns = new Turns();

  constructor(options: { readonly limits: RpcLimits }, dependencies: HandlerDependencies) {
    this.#limits = options.limits;
    this.#dependencies = dependencies;
  }

  async handle(body: Buffer, context: CallContext): Promise<string | undefined> {
    // Before it is looked at: whoever sends too many must not be parsed for nothing.
    if (this.#batches >= this.#limits.batches && isBatch(body)) {
      return `[${errorResponse("null", limitExceeded("too many batches are under way, try again"))}]`;
    }
    if (isDeeperThan(body, this.#limits.depth)) {
      return errorResponse("null", invalidRequest(`request nested too deeply, at most ${this.#limits.depth} levels`));
    }
    const request = parse(body);
    if (request === undefined) return errorResponse("null", parseError());
    if (!Array.isArray(request)) return this.#one(request, context, new ResponseBudget(this.#limits.responseBytes));
    if (request.length === 0) return errorResponse("null", invalidRequest("empty batch"));
    if (request.length > this.#limits.batchRequests) {
      // go-ethereum answers an oversized batch with one error that carries the first call's id.
      const first = request.find((item) => hasId(item));
      return `[${errorResponse(idText(first) ?? "null", invalidRequest("batch too large"))}]`;
    }
    return this.#batch(request, context);
  }

  async #batch(requests: readonly unknown[], context: CallContext): Promise<string | undefined> {
    const budget = new ResponseBudget(this.#limits.responseBytes, context.budget);
    const responses: (string | undefined)[] = new Array(requests.length);
    let next = 0;
    const worker = async () => {
      while (next < requests.length && !context.isGone?.()) {
        const index = next;
        const run = this.#runOf(requests, index);
        next = index + Math.max(1, run.requests.length);
        if (run.method === undefined) responses[index] = await this.#one(requests[index], context, budget);
        else await this.#many(run, budget, (offset, response) => (responses[index + offset] = response));
      }
    };
    // Many batches at a time share what one would have, so that single requests do not wait behind all of them.
    const share = Math.floor((BATCH_SHARE * this.#limits.concurrentRequests) / ++this.#batches);
    const workers = Math.max(1, Math.min(this.#limits.concurrentRequests, requests.length, share));
    // Requests start in order, which keeps the order of a sender's transactions on their way into the pool.
    try {
      await Promise.all(Array.from({ length: workers }, worker));
      // Batches that run side by side end side by side: all their answers at once would hold up everybody else.
      if (budget.bytes > LARGE_ANSWER_BYTES) await this.#turns.next();
    } finally {
      this.#batches--;
      budget.release();
    }
    if (context.isGone?.()) return undefined;
    const answered = responses.filter((response) => response !== undefined);
    return answered.length === 0 ? undefined : `[${answered.join(",")}]`;
  }

  /** The neighbouring requests from `start` on that one call of their method can answer; none if they are fewer than two. */
  #runOf(requests: readonly unknown[], start: number): Run {
    const first = readRequest(requests[start]);
    const method = first && this.#dependencies.methods.get(first.method);
    if (first === undefined || method?.invokeMany === undefined) return NO_RUN;
    const run = [first];
    for (let index = start + 1; index < requests.length; index++) {
      const request = readRequest(requests[index]);
      if (request?.method !== first.method) break;
      run.push(request);
    }
    return run.length < 2 ? NO_RUN : { method, requests: run };
  }

  async #many(run: Run, budget: ResponseBudget, respond: (offset: number, response: string | undefined) => void) {
    const { method, requests } = run;
    if (budget.exceeded || method?.invokeMany === undefined) {
      for (const [offset, { id }] of requests.entries()) respond(offset, id && errorResponse(id, responseTooLarge()));
      return;
    }
    const startedAt = performance.now();
    let outcomes: readonly Outcome[];
    try {
      outcomes = await method.invokeMany(requests.map(({ params }) => params));
    } catch (error) {
      outcomes = requests.map(() => ({ error }));
    }
    for (const [offset, { id }] of requests.entries()) {
      const outcome = outcomes[offset] ?? { error: new TypeError(`${method.name} gave too few outcomes`) };
      respond(offset, this.#response({ id, method: method.name, startedAt }, outcome, budget));
    }
  }

  async #one(request: unknown, context: CallContext, budget: ResponseBudget): Promise<string | undefined> {
    const read = readRequest(request);
    if (read === undefined) {
      return errorResponse(idText(request) ?? "null", invalidRequest());
    }
    const { id, method, params } = read;
    if (budget.exceeded) return id && errorResponse(id, responseTooLarge());
    const startedAt = performance.now();
    let outcome: Outcome;
    try {
      outcome = { result: await this.#invoke(method, params, context) };
    } catch (error) {
      outcome = { error };
    }
    return this.#response({ id, method, startedAt }, outcome, budget);
  }

  /** `undefined` for a notification, which has no id. */
  #response(
    request: { readonly id: string | undefined; readonly method: string; readonly startedAt: number },
    outcome: Outcome,
    budget: ResponseBudget,
  ): string | undefined {
    const { id, method, startedAt } = request;
    if ("error" in outcome) {
      const wire = toWireError(outcome.error);
      this.#observe(method, outcomeOf(wire.code), startedAt);
      if (wire.code === -32603) this.#dependencies.onInternalError?.({ method, error: outcome.error });
      return id && errorResponse(id, wire);
    }
    this.#observe(method, "ok", startedAt);
    if (id === undefined) return undefined;
    if (!budget.take(outcome.result.length)) return errorResponse(id, responseTooLarge());
    return `{"jsonrpc":"2.0","id":${id},"result":${outcome.result}}`;
  }

  #observe(method: string, outcome: RequestOutcome, startedAt: number): void {
    const { observe, methods } = this.#dependencies;
    if (!observe) return;
    observe({ method: methods.has(method) ? method : null, outcome, seconds: (performance.now() - startedAt) / 1000 });
  }

  async #invoke(method: string, params: unknown, context: CallContext): Promise<RawJson> {
    const { methods, current } = this.#dependencies;
    const definition = methods.get(method);
    if (definition === undefined) throw methodNotFound(method.slice(0, 100));
    if (current !== undefined && context.quiet !== true && !TIMELESS.test(method)) await current();
    return definition.invoke(params, context);
  }
}

function outcomeOf(code: number): RequestOutcome {
  if (code === -32603) return "internal";
  return code === -32005 || code === -32003 ? "limited" : "error";
}

/** Whether a body is a batch, if it is JSON: an array begins with its bracket, maybe after white space. */
function isBatch(body: Buffer): boolean {
  const first = body.find((byte) => byte > 0x20);
  return first === 0x5b;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Requests of a batch that are answered together. */
interface Run {
  readonly method: RpcMethod | undefined;
  readonly requests: readonly Request[];
}

const NO_RUN: Run = { method: undefined, requests: [] };

interface Request {
  /** As JSON text; absent for a notification. */
  readonly id: string | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** `undefined` for what is no JSON-RPC 2.0 request. */
function readRequest(request: unknown): Request | undefined {
  if (typeof request !== "object" || request === null || Array.isArray(request)) return undefined;
  const { jsonrpc, method, params } = request as Readonly<Record<string, unknown>>;
  if (jsonrpc !== "2.0" || typeof method !== "string") return undefined;
  const id = idText(request);
  return id === undefined && hasId(request) ? undefined : { id, method, params };
}

/** Bytes that the results of one response may still take, and that all clients together may while it gathers them. */
class ResponseBudget {
  readonly #held: ByteHolding | undefined;
  readonly #limit: number;
  #left: number;
  exceeded = false;

  constructor(bytes: number, shared?: ByteBudget) {
    this.#limit = bytes;
    this.#left = bytes;
    this.#held = shared?.hold();
  }

  /** How many the results have taken. */
  get bytes(): number {
    return this.#limit - this.#left;
  }

  take(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left < 0 || this.#held?.add(bytes) === false) this.exceeded = true;
    return !this.exceeded;
  }

  release(): void {
    this.#held?.release();
  }
}

function hasId(request: unknown): boolean {
  return typeof request === "object" && request !== null && "id" in request;
}

/** The id as JSON text; `undefined` if it is absent or no string, number or null. */
function idText(request: unknown): string | undefined {
  if (typeof request !== "object" || request === null) return undefined;
  const id: unknown = Reflect.get(request, "id");
  if (typeof id === "number" || id === null) return String(id);
  return typeof id === "string" ? JSON.stringify(id) : undefined;
}

function errorResponse(id: string, error: { code: number; message: string; data?: unknown }): string {
  const { code, message, data } = error;
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message, data })}}`;
}
