import { createPublicClient, createWalletClient, http, parseEther, webSocket } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { publicActionsL2 } from "viem/op-stack";
import { describe, expect, test } from "vitest";
import type { DevReady } from "../support/dev-chain.ts";
import { chainsOf } from "../support/op-chain.ts";
import { until } from "../support/rpc.ts";
import { COUNTER_BYTECODE, COUNTER_TOPIC } from "./bytecode.ts";

const POLL_MS = 200;

export function viemStories(dev: () => DevReady): void {
  const parts = () => {
    const { l2 } = chainsOf(dev());
    const account = privateKeyToAccount(dev().accounts[0]?.privateKey ?? "0x");
    const publicClient = createPublicClient({ chain: l2, transport: http(), pollingInterval: POLL_MS }).extend(
      publicActionsL2(),
    );
    const wallet = createWalletClient({ account, chain: l2, transport: http(), pollingInterval: POLL_MS });
    return { account, publicClient, wallet, l2 };
  };

  describe("viem", () => {
    test("a wallet sends ether and reads the receipt with the rollup's fee fields", async () => {
      const { publicClient, wallet } = parts();
      const to = privateKeyToAccount(generatePrivateKey()).address;
      const hash = await wallet.sendTransaction({ to, value: parseEther("1") });
      const receipt = await publicClient.waitForTransactionReceipt({ hash });
      expect(receipt.status).toBe("success");
      expect(receipt.l1Fee).toBeTypeOf("bigint");
      expect(receipt.l1GasPrice).toBeGreaterThan(0n);
      expect(await publicClient.getBalance({ address: to })).toBe(parseEther("1"));
      expect((await publicClient.getTransaction({ hash })).blockHash).toBe(receipt.blockHash);
    });

    test("a wallet empties an account to the last wei but the fees", async () => {
      const { publicClient, wallet, l2 } = parts();
      const poor = privateKeyToAccount(generatePrivateKey());
      const fund = await wallet.sendTransaction({ to: poor.address, value: parseEther("0.5") });
      await publicClient.waitForTransactionReceipt({ hash: fund });

      const balance = await publicClient.getBalance({ address: poor.address });
      const to = wallet.account.address;
      const fees = await publicClient.estimateFeesPerGas();
      const total = await publicClient.estimateTotalFee({ account: poor, to, value: 1n });
      // Prices may move between the question and the block: a wallet leaves some room.
      const reserve = 2n * total;
      const own = createWalletClient({ account: poor, chain: l2, transport: http() });
      const hash = await own.sendTransaction({ to, value: balance - reserve, gas: 21_000n, ...fees });
      const receipt = await publicClient.waitForTransactionReceipt({ hash });
      expect(receipt.status).toBe("success");
      expect(await publicClient.getBalance({ address: poor.address })).toBeLessThan(reserve);
    });

    test("an account without the money is told so", async () => {
      const { l2 } = parts();
      const nobody = createWalletClient({
        account: privateKeyToAccount(generatePrivateKey()),
        chain: l2,
        transport: http(),
      });
      await expect(nobody.sendTransaction({ to: nobody.account.address, value: 1n })).rejects.toThrow(
        /insufficient funds|exceeds the balance/,
      );
    });

    test("a contract is deployed, called, its log found, its storage proved", async () => {
      const { publicClient, wallet } = parts();
      const deployed = await publicClient.waitForTransactionReceipt({
        hash: await wallet.sendTransaction({ data: COUNTER_BYTECODE }),
      });
      const address = deployed.contractAddress ?? "0x";
      const receipt = await publicClient.waitForTransactionReceipt({
        hash: await wallet.sendTransaction({ to: address, data: "0x01" }),
      });
      expect(receipt.logs.map(({ topics }) => topics[0])).toEqual([COUNTER_TOPIC]);
      expect(BigInt((await publicClient.call({ to: address })).data ?? "0x0")).toBe(1n);
      const logs = await publicClient.getLogs({
        address,
        fromBlock: receipt.blockNumber,
        toBlock: receipt.blockNumber,
      });
      expect(logs).toHaveLength(1);
      const proof = await publicClient.getProof({
        address,
        storageKeys: [`0x${"00".repeat(32)}`],
        blockNumber: receipt.blockNumber,
      });
      expect(proof.storageProof[0]?.value).toBe(1n);
      // The state before that block is still there.
      expect(
        BigInt((await publicClient.call({ to: address, blockNumber: receipt.blockNumber - 1n })).data ?? "0x0"),
      ).toBe(0n);
    });

    test("heads become safe and finalized", async () => {
      const { publicClient } = parts();
      await until(
        "a finalized block",
        async () => {
          const finalized = await publicClient.getBlock({ blockTag: "finalized" });
          return finalized.number > 0n && finalized;
        },
        60_000,
      );
      const [latest, safe, finalized] = await Promise.all(
        (["latest", "safe", "finalized"] as const).map((blockTag) => publicClient.getBlock({ blockTag })),
      );
      expect(safe?.number).toBeLessThanOrEqual(latest?.number ?? 0n);
      expect(finalized?.number).toBeLessThanOrEqual(safe?.number ?? 0n);
    }, 90_000);

    test("a subscriber over WebSocket sees every block once and its own log", async () => {
      const { wallet, publicClient, l2 } = parts();
      const client = createPublicClient({ chain: l2, transport: webSocket(dev().endpoints.ws) });
      const numbers: bigint[] = [];
      const logs: string[] = [];
      const counter =
        (
          await publicClient.waitForTransactionReceipt({
            hash: await wallet.sendTransaction({ data: COUNTER_BYTECODE }),
          })
        ).contractAddress ?? "0x";
      const stopBlocks = client.watchBlocks({ onBlock: ({ number }) => void numbers.push(number) });
      const stopLogs = client.watchEvent({
        address: counter,
        onLogs: (found) => void logs.push(...found.map(({ address }) => address)),
      });
      try {
        await until("a first block", async () => numbers.length > 0);
        const { hash } = { hash: await wallet.sendTransaction({ to: counter, data: "0x01" }) };
        await publicClient.waitForTransactionReceipt({ hash });
        await until("four blocks and a log", async () => numbers.length >= 4 && logs.length > 0);
      } finally {
        stopBlocks();
        stopLogs();
      }
      const first = numbers[0] ?? 0n;
      expect(numbers).toEqual(numbers.map((_, index) => first + BigInt(index)));
      expect(logs).toHaveLength(1);
    }, 60_000);
  });
}
