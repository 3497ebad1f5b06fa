import { createPublicClient, createWalletClient, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  getL2TransactionHashes,
  getWithdrawals,
  publicActionsL1,
  publicActionsL2,
  walletActionsL1,
  walletActionsL2,
} from "viem/op-stack";
import { describe, expect, test } from "vitest";
import type { DevReady } from "../support/dev-chain.ts";
import { chainsOf } from "../support/op-chain.ts";
import { until } from "../support/rpc.ts";

const POLL_MS = 200;
const DEPOSITED = parseEther("1");
const WITHDRAWN = parseEther("0.25");

export function opStackStories(dev: () => DevReady): void {
  const parts = () => {
    const { l1, l2 } = chainsOf(dev());
    const account = privateKeyToAccount(dev().accounts[1]?.privateKey ?? "0x");
    const common = { transport: http(), pollingInterval: POLL_MS };
    return {
      account,
      target: l2,
      l1: createPublicClient({ chain: l1, ...common }).extend(publicActionsL1()),
      l2: createPublicClient({ chain: l2, ...common }).extend(publicActionsL2()),
      wallet1: createWalletClient({ account, chain: l1, ...common }).extend(walletActionsL1()),
      wallet2: createWalletClient({ account, chain: l2, ...common }).extend(walletActionsL2()),
    };
  };

  describe("the OP Stack's bridge, by viem's own actions", () => {
    test("a deposit on L1 arrives on L2 under the hash that viem computes", async () => {
      const { account, l1, l2, wallet1, target } = parts();
      const before = await l2.getBalance({ address: account.address });
      const request = await l2.buildDepositTransaction({ account, mint: DEPOSITED, to: account.address });
      const gas = await l1.estimateDepositTransactionGas({ ...request, account, targetChain: target } as never);
      expect(gas).toBeGreaterThan(21_000n);
      const hash = await wallet1.depositTransaction({ ...request, targetChain: target, account } as never);
      const receipt = await l1.waitForTransactionReceipt({ hash });
      expect(receipt.status).toBe("success");
      const [l2Hash] = getL2TransactionHashes(receipt);
      const arrived = await l2.waitForTransactionReceipt({ hash: l2Hash ?? "0x", timeout: 60_000 });
      expect(arrived.status).toBe("success");
      expect(await l2.getBalance({ address: account.address })).toBe(before + DEPOSITED);
    }, 90_000);

    test("fees of L1 are estimated before sending", async () => {
      const { account, l2 } = parts();
      const call = { account, to: account.address, value: 1n };
      expect(await l2.estimateL1Fee(call)).toBeGreaterThan(0n);
      expect(await l2.estimateL1Gas(call)).toBeGreaterThan(0n);
      // Isthmus brings the operator fee; before it, the oracle has no such question.
      await expect(l2.estimateOperatorFee(call)).rejects.toThrow("getOperatorFee");
      expect(await l2.estimateTotalGas(call)).toBeGreaterThan(21_000n);
      expect(await l2.getL1BaseFee()).toBeGreaterThan(0n);
    });

    test("a withdrawal is proved and paid out within the time of a coffee", async () => {
      const { account, l1, l2, wallet1, wallet2, target } = parts();
      const request = await l1.buildInitiateWithdrawal({ account, to: account.address, value: WITHDRAWN });
      expect(await l2.estimateInitiateWithdrawalGas({ ...request, account } as never)).toBeGreaterThan(21_000n);
      const hash = await wallet2.initiateWithdrawal({ ...request, account } as never);
      const receipt = await l2.waitForTransactionReceipt({ hash });
      expect(getWithdrawals(receipt)).toHaveLength(1);
      const status = () => l1.getWithdrawalStatus({ receipt, targetChain: target, gameLimit: 10 });
      expect(["waiting-to-prove", "ready-to-prove"]).toContain(await status());

      const { game, output, withdrawal } = await l1.waitToProve({ receipt, targetChain: target });
      expect(output.l2BlockNumber).toBeGreaterThanOrEqual(receipt.blockNumber);
      expect((await l1.getGames({ targetChain: target, l2BlockNumber: receipt.blockNumber })).length).toBeGreaterThan(
        0,
      );
      const proof = await l2.buildProveWithdrawal({ account, game, withdrawal } as never);
      const proved = await l1.waitForTransactionReceipt({ hash: await wallet1.proveWithdrawal(proof as never) });
      expect(proved.status).toBe("success");

      await until(
        "ready to finalize",
        async () => (await status().catch(() => "unresolved")) === "ready-to-finalize",
        90_000,
      );
      const before = await l1.getBalance({ address: account.address });
      const finalized = await l1.waitForTransactionReceipt({
        hash: await wallet1.finalizeWithdrawal({ targetChain: target, withdrawal } as never),
      });
      expect(finalized.status).toBe("success");
      const fee = finalized.gasUsed * finalized.effectiveGasPrice;
      expect(await l1.getBalance({ address: account.address })).toBe(before + WITHDRAWN - fee);
      expect(await status()).toBe("finalized");
    }, 180_000);
  });
}
