import { createPublicClient, http } from "viem";
import type { FinalityProxy } from "../../../src/proxy/proxy.ts";

export const RECEIVER = `0x${"77".repeat(20)}` as const;
export const clientOf = (proxy: FinalityProxy) =>
  createPublicClient({ transport: http(proxy.httpUrl, { retryCount: 0 }), pollingInterval: 10, cacheTime: 0 });

/** One raw request, or a batch. */
export async function raw(proxy: FinalityProxy, body: unknown): Promise<Answer & readonly Answer[]> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(proxy.httpUrl, { method: "POST", headers, body: JSON.stringify(body) });
  return (await response.json()) as Answer & readonly Answer[];
}
interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly data?: { readonly code?: string; readonly reason?: string } };
}
export const ask = (method: string, params: readonly unknown[] = [], id = 1) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});
export const codeOf = async (proxy: FinalityProxy, method: string, params: readonly unknown[] = []) => {
  const { error } = await raw(proxy, ask(method, params));
  return error === undefined ? "answered" : (error.data?.code ?? `code ${error.code}`);
};
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new TypeError(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
export const headIs = (proxy: FinalityProxy, height: number) =>
  until(`block ${height} is the head`, () => proxy.status().certified?.number === height);
export const problemIs = (proxy: FinalityProxy, problem: string) =>
  until(`the problem is ${problem}`, () => proxy.status().problem === problem);
