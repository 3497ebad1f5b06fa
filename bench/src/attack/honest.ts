import { Agent, request } from "node:http";

export interface Latencies {
  readonly count: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One JSON-RPC call on a kept-alive connection. Resolves with the result; rejects on an error, a refusal or no answer. */
export function rpcCall(url: string, agent: Agent, method: string, params: readonly unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { agent, method: "POST", headers: { "content-type": "application/json" }, timeout: 10_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          try {
            const answer = JSON.parse(Buffer.concat(chunks).toString()) as { result?: unknown; error?: unknown };
            if ("result" in answer) resolve(answer.result);
            else reject(new TypeError(JSON.stringify(answer.error)));
          } catch (error) {
            reject(error);
          }
        });
        response.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new TypeError("no answer within 10 s")));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/**
 * Honest clients: so many connections, each asking one thing after another with a pause, until told to stop. What is
 * asked for is what wallets ask: balances, the head, blocks, and a small call.
 */
export class HonestClients {
  readonly #agent: Agent;
  readonly #latenciesMs: number[] = [];
  readonly #loops: Promise<void>[];
  #errors = 0;
  #stopped = false;

  constructor(url: string, options: { readonly clients: number; readonly pauseMs: number }) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.clients });
    const account = `0x${"42".repeat(20)}`;
    const questions: [string, unknown[]][] = [
      ["eth_getBalance", [account, "latest"]],
      ["eth_blockNumber", []],
      ["eth_getBlockByNumber", ["latest", false]],
      ["eth_call", [{ to: account, data: "0x" }, "latest"]],
    ];
    this.#loops = Array.from({ length: options.clients }, async (_, client) => {
      for (let turn = client; !this.#stopped; turn++) {
        const [method, params] = questions[turn % questions.length] as [string, unknown[]];
        const startMs = performance.now();
        try {
          await rpcCall(url, this.#agent, method, params);
          this.#latenciesMs.push(performance.now() - startMs);
        } catch {
          this.#errors++;
        }
        await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
      }
    });
  }

  async stop(): Promise<Latencies> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    this.#agent.destroy();
    return summary(this.#latenciesMs, this.#errors);
  }
}

export function summary(latenciesMs: readonly number[], errors: number): Latencies {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { count: sorted.length, errors, p50Ms: at(0.5), p99Ms: at(0.99) };
}
