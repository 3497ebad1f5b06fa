import { Interface, JsonRpcProvider, parseEther, Wallet, WebSocketProvider } from "ethers";
import { describe, expect, test } from "vitest";
import type { DevReady } from "../support/dev-chain.ts";
import { until } from "../support/rpc.ts";
import { COUNTER_BYTECODE } from "./bytecode.ts";

export function ethersStories(dev: () => DevReady): void {
  describe("ethers 6", () => {
    test("a wallet sends, waits and reads", async () => {
      const provider = new JsonRpcProvider(dev().endpoints.rpc, undefined, { pollingInterval: 200 });
      try {
        const wallet = new Wallet(dev().accounts[2]?.privateKey ?? "", provider);
        const to = Wallet.createRandom().address;
        const sent = await wallet.sendTransaction({ to, value: parseEther("0.1") });
        const receipt = await sent.wait();
        expect(receipt?.status).toBe(1);
        expect(await provider.getBalance(to)).toBe(parseEther("0.1"));
        const deployed = await (await wallet.sendTransaction({ data: COUNTER_BYTECODE })).wait();
        const address = deployed?.contractAddress ?? "";
        await (await wallet.sendTransaction({ to: address, data: "0x01" })).wait();
        expect(BigInt(await provider.call({ to: address }))).toBe(1n);
        expect(await provider.getLogs({ address, fromBlock: deployed?.blockNumber ?? 0 })).toHaveLength(1);
        const oracle = new Interface(["function l1BaseFee() view returns (uint256)"]);
        const fee = await provider.call({
          to: "0x420000000000000000000000000000000000000F",
          data: oracle.encodeFunctionData("l1BaseFee"),
        });
        expect(BigInt(fee)).toBeGreaterThan(0n);
      } finally {
        provider.destroy();
      }
    }, 60_000);

    test("a WebSocket provider hears of blocks", async () => {
      const provider = new WebSocketProvider(dev().endpoints.ws);
      try {
        const seen: number[] = [];
        await provider.on("block", (number: number) => void seen.push(number));
        await until("three blocks", async () => seen.length >= 3);
        expect(new Set(seen).size).toBe(seen.length);
      } finally {
        await provider.destroy();
      }
    }, 60_000);
  });
}
