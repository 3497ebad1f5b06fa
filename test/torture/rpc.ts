import { TortureError } from "./errors.ts";

export type Hex = `0x${string}`;

/** What the node said: a result, an error of its own, or nothing (it is down). */
export type Answer<T> =
  | { readonly kind: "result"; readonly result: T }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "silence" };

export async function ask<T>(url: string, method: string, params: readonly unknown[] = []): Promise<Answer<T>> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(20_000),
    });
    const body = (await response.json()) as { result: T; error?: { code: number; message: string } };
    if (body.error !== undefined) return { kind: "error", code: body.error.code, message: body.error.message };
    return { kind: "result", result: body.result };
  } catch {
    return { kind: "silence" };
  }
}

/** As {@link ask}, of a node that must answer. */
export async function call<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const answer = await ask<T>(url, method, params);
  if (answer.kind === "result") return answer.result;
  const reason = answer.kind === "error" ? `${answer.message} (${answer.code})` : "no answer";
  throw new TortureError("RPC_FAILED", `${method}: ${reason}`);
}

export interface Block {
  readonly number: Hex;
  readonly hash: Hex;
}

export interface Receipt {
  readonly transactionHash: Hex;
  readonly blockHash: Hex | null;
  readonly blockNumber: Hex | null;
  readonly status: Hex;
}

export const blockParameter = (number: number) => `0x${number.toString(16)}`;
