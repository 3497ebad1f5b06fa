import { z } from "zod";
import { RaasError } from "../errors.ts";
import type { Outbound } from "../outbound/outbound.ts";

export interface ForeignAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

const TIMEOUT_MS = 15_000;
const RESPONSE_MAX_BYTES = 16 * 1024 * 1024;
const answersSchema = z.array(
  z.object({ id: z.number(), result: z.unknown().optional(), error: z.unknown().optional() }),
);

export type ForeignCall = readonly [method: string, params: unknown];

/** The RPC of somebody else's node, called with the checks that a customer's URL needs. Nothing it says is believed unparsed. */
export class ForeignRpc {
  readonly #url: string;
  readonly #outbound: Outbound;

  constructor(options: { readonly url: string }, dependencies: { readonly outbound: Outbound }) {
    this.#url = options.url;
    this.#outbound = dependencies.outbound;
  }

  /** Answers in the order of the calls. @throws RaasError `ADDRESS_REFUSED`, `UPSTREAM` */
  async batch(calls: readonly ForeignCall[]): Promise<readonly ForeignAnswer[]> {
    const body = JSON.stringify(calls.map(([method, params], id) => ({ jsonrpc: "2.0", id, method, params })));
    const { status, body: text } = await this.#outbound.post(this.#url, {
      headers: { "content-type": "application/json" },
      body,
      timeoutMs: TIMEOUT_MS,
      responseMaxBytes: RESPONSE_MAX_BYTES,
      redirects: 0,
    });
    const parsed = answersSchema.safeParse(jsonOf(text));
    if (!parsed.success) throw new RaasError("UPSTREAM", `the chain's RPC did not answer a batch (HTTP ${status})`);
    const byId = new Map(parsed.data.map((answer) => [answer.id, answer]));
    return calls.map((_, id) => byId.get(id) ?? { id, error: { code: -32_603, message: "no answer" } });
  }

  /** @throws RaasError `UPSTREAM` when it refuses, or answers in another shape */
  async ask<T>(method: string, params: readonly unknown[], schema: z.ZodType<T>): Promise<T> {
    const [answer] = await this.batch([[method, params]]);
    const parsed = schema.safeParse(answer?.result);
    if (parsed.success) return parsed.data;
    throw new RaasError("UPSTREAM", `the chain's RPC does not answer ${method} as a node of the OP Stack does`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
