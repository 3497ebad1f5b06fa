import { BenchError } from "./errors.ts";

/** One JSON-RPC call. @throws BenchError `RPC_FAILED` for an error answer */
export async function call<T>(url: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    signal: AbortSignal.timeout(60_000),
  });
  const body = (await response.json()) as { result?: T; error?: { code: number; message: string } };
  if (body.error) throw new BenchError("RPC_FAILED", `${method}: ${body.error.message}`);
  return body.result as T;
}

export const hexNumber = (value: number): string => `0x${value.toString(16)}`;
