import { CliError } from "./errors.ts";

const TIMEOUT_MS = 10_000;

/** One JSON-RPC request over HTTP: all that the shell needs, without loading a client library. */
export async function rpc<T>(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new CliError("RPC_UNREACHABLE", `${shown(url)} does not answer: check the URL and that the node runs`, {
      data: { url: shown(url), method },
      cause,
    });
  }
  let body: { result?: T; error?: { code: number; message: string } };
  try {
    body = (await response.json()) as typeof body;
  } catch (cause) {
    const message = `${shown(url)} answered ${method} with HTTP ${response.status} and no JSON: is it a JSON-RPC endpoint?`;
    throw new CliError("RPC_ERROR", message, { data: { url: shown(url), method, status: response.status }, cause });
  }
  if (body.error !== undefined) {
    throw new CliError("RPC_ERROR", `${shown(url)} refused ${method}: ${body.error.message}`, {
      data: { url: shown(url), method, rpcCode: body.error.code },
    });
  }
  return body.result as T;
}

/** A provider's URL often carries its key in the path or the query: only the origin is shown. */
export function shown(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "the URL given";
  }
}
