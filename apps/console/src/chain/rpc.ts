import * as z from "zod/mini";
import { request } from "../api/client.ts";
import { RpcError } from "./rpc-error.ts";

/** The strict content security policy forbids the code generation that zod would otherwise try. */
z.config({ jitless: true });

/** The proxy takes no longer batches. */
const BATCH_MAX = 50;

export interface Rpc {
  /** Calls made in the same turn of the event loop travel together. Answers are checked against `result`. */
  call<Schema extends z.core.$ZodType>(
    method: string,
    params: readonly unknown[],
    result: Schema,
  ): Promise<z.output<Schema>>;
}

interface Waiting {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const Answer = z.object({
  id: z.nullable(z.number()),
  result: z.optional(z.unknown()),
  error: z.optional(z.object({ code: z.number(), message: z.string(), data: z.optional(z.unknown()) })),
});
const Answers = z.union([z.array(Answer).check(z.maxLength(BATCH_MAX)), Answer]);

const clients = new Map<string, Rpc>();

/** The JSON-RPC client of a path of the API, the same object each time. */
export function rpcAt(path: string): Rpc {
  const known = clients.get(path);
  if (known !== undefined) return known;
  const made = createRpc((body) => request<unknown>(path, { method: "POST", body }));
  clients.set(path, made);
  return made;
}

export function createRpc(send: (body: unknown) => Promise<unknown>): Rpc {
  let queue: Waiting[] = [];

  const flush = () => {
    const all = queue;
    queue = [];
    for (let start = 0; start < all.length; start += BATCH_MAX) void sendBatch(all.slice(start, start + BATCH_MAX));
  };

  const sendBatch = async (batch: readonly Waiting[]) => {
    try {
      const calls = batch.map(({ method, params }, id) => ({ jsonrpc: "2.0", id, method, params }));
      const parsed = z.safeParse(Answers, await send(calls.length === 1 ? calls[0] : calls));
      if (!parsed.success) throw new RpcError({ code: "UNREADABLE", message: "The node's answer is no JSON-RPC." });
      const answers = new Map([parsed.data].flat().map((answer) => [answer.id, answer]));
      for (const [id, waiting] of batch.entries()) {
        const answer = answers.get(id);
        if (answer?.error !== undefined) waiting.reject(new RpcError(answer.error));
        else if (answer === undefined) {
          waiting.reject(new RpcError({ code: "UNREADABLE", message: `The node did not answer ${waiting.method}.` }));
        } else waiting.resolve(answer.result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  return {
    async call(method, params, result) {
      const answer = await new Promise<unknown>((resolve, reject) => {
        queue.push({ method, params, resolve, reject });
        if (queue.length === 1) queueMicrotask(flush);
      });
      const parsed = z.safeParse(result, answer);
      if (parsed.success) return parsed.data;
      throw new RpcError({ code: "UNREADABLE", message: `The node's answer to ${method} has an unknown form.` });
    },
  };
}
