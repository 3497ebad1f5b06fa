import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Hex } from "viem";
import { createPublicClient, custom, http, parseTransaction } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, test } from "vitest";
import { problemOf } from "../src/errors.ts";
import { Faucet } from "../src/faucet.ts";
import { Networks } from "../src/networks.ts";
import { rpcBatch } from "../src/rpc-batch.ts";
import { development } from "./harness.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(request: Parameters<RequestListener>[0]): Promise<{ id: number; method: string; params: Hex[] }> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

describe("a node that answers with something else than JSON-RPC", () => {
  const answers: readonly [string, RequestListener, string][] = [
    ["a proxy's page", (_, response) => response.writeHead(502).end("<html>Bad Gateway</html>"), "UPSTREAM"],
    ["JSON of another kind", (_, response) => response.end('{"error":"overloaded"}'), "UPSTREAM"],
    ["nothing", (_, response) => response.end(), "UPSTREAM"],
    [
      "half an answer",
      (_, response) => {
        response.writeHead(200, { "content-length": 1_000 });
        response.write('{"jsonrpc"');
        setTimeout(() => response.destroy(), 20);
      },
      "NETWORK_UNREACHABLE",
    ],
  ];
  test.each(answers)("%s: fails by a code", async (_, answer, code) => {
    const rpcUrl = await serve(answer);
    const networks = new Networks({ networks: [development(rpcUrl)] });
    await expect(networks.request("development", "eth_blockNumber")).rejects.toMatchObject({ code });
    await expect(rpcBatch(rpcUrl, [["eth_blockNumber", []]])).rejects.toMatchObject({ code: "UPSTREAM" });
  });
});

describe("what is recorded of a failure", () => {
  test("says what happened, and nothing of the URL with our provider's key", async () => {
    const limited = await serve((_, response) => response.writeHead(429).end("slow down"));
    const url = `${limited}/v2/a-provider-key`;
    const direct = createPublicClient({ transport: http(url, { retryCount: 0 }) });
    const client = createPublicClient({ transport: custom(direct, { retryCount: 0 }) });
    for (const asked of [direct.getBlockNumber(), client.getBlockNumber()]) {
      const error = await asked.catch((failure: unknown) => failure);
      expect(String(error)).toContain("a-provider-key");
      const { message } = problemOf(error);
      expect(message).not.toContain("a-provider-key");
      expect(message).not.toContain("\n");
      expect(message.length).toBeGreaterThan(10);
    }
    const networks = new Networks({ networks: [development(url)] });
    const refused = await networks.request("development", "eth_blockNumber").catch((failure: unknown) => failure);
    expect(JSON.stringify(problemOf(refused))).not.toContain("a-provider-key");
  });
});

describe("the faucet", () => {
  const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
  const to: Hex = `0x${"22".repeat(20)}`;

  test("gives one nonce to each on a rollup, and does not wait for another rollup that is silent", async () => {
    const sent: number[] = [];
    const block = { number: "0x1", hash: `0x${"00".repeat(32)}`, baseFeePerGas: "0x1", timestamp: "0x1" };
    const results: Readonly<Record<string, (params: Hex[]) => unknown>> = {
      eth_chainId: () => "0x385",
      eth_getBlockByNumber: () => block,
      eth_maxPriorityFeePerGas: () => "0x1",
      eth_estimateGas: () => "0x5208",
      eth_getTransactionCount: () => `0x${sent.length.toString(16)}`,
      eth_sendRawTransaction: ([raw]) => {
        sent.push(parseTransaction(raw!).nonce ?? 0);
        return `0x${"33".repeat(32)}`;
      },
    };
    const live = await serve(async (request, response) => {
      const { id, method, params } = await bodyOf(request);
      const result = results[method]?.(params);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? { error: {} } : { result }) }));
    });
    const silent = await serve(() => {});
    const faucet = new Faucet();
    const request = { chainId: 901, to, account };
    const waiting = faucet.drip({ ...request, rollupId: "silent", rpcUrl: silent }).catch(() => "failed");
    const drips = [1, 2, 3].map(() => faucet.drip({ ...request, rollupId: "live", rpcUrl: live }));
    await Promise.all(drips);
    expect(sent).toEqual([0, 1, 2]);
    expect(await Promise.race([waiting, "still waiting"])).toBe("still waiting");
  });
});
