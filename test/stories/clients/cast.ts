import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { DevReady } from "../support/dev-chain.ts";
import { foundryBinary } from "../support/foundry.ts";
import { COUNTER_BYTECODE } from "./bytecode.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;

export function castStories(dev: () => DevReady): void {
  const cast = async (command: string, ...args: string[]) => {
    const { stdout } = await run(foundryBinary("cast"), [command, "--rpc-url", dev().endpoints.rpc, ...args], {
      timeout: TIMEOUT_MS,
    });
    return stdout.trim();
  };
  const key = () => dev().accounts[3]?.privateKey ?? "";

  describe("cast", () => {
    test("knows the chain, sends, creates, calls", async () => {
      expect(await cast("chain-id")).toBe(String(dev().chains.l2));
      const to = "0xca00000000000000000000000000000000000000";
      const sent = JSON.parse(await cast("send", to, "--value", "7", "--private-key", key(), "--json"));
      expect(sent.status).toBe("0x1");
      expect(await cast("balance", to)).toBe("7");
      const created = JSON.parse(await cast("send", "--private-key", key(), "--json", "--create", COUNTER_BYTECODE));
      expect(created.status).toBe("0x1");
      expect(BigInt(await cast("call", created.contractAddress))).toBe(0n);
      expect(await cast("code", created.contractAddress)).toMatch(/^0x36/);
      const receipt = JSON.parse(await cast("rpc", "eth_getTransactionReceipt", sent.transactionHash));
      expect(BigInt(receipt.l1Fee)).toBeGreaterThan(0n);
    }, 120_000);

    test("asks for a trace", async () => {
      const sent = JSON.parse(await cast("send", "--private-key", key(), "--json", "--create", COUNTER_BYTECODE));
      const tracer = JSON.stringify({ tracer: "callTracer" });
      const trace = JSON.parse(await cast("rpc", "debug_traceTransaction", sent.transactionHash, tracer));
      expect(trace).toMatchObject({ type: "CREATE", to: sent.contractAddress.toLowerCase() });
    }, 120_000);
  });
}
