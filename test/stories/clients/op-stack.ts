import { parseEther } from "viem";
import { getL2TransactionHashes, getWithdrawals } from "viem/op-stack";
import { describe, expect, test } from "vitest";
import { bridgeParties, payOut } from "../support/bridge.ts";
import type { DevReady } from "../support/dev-chain.ts";

const DEPOSITED = parseEther("1");
const WITHDRAWN = parseEther("0.25");

export function opStackStories(dev: () => DevReady): void {
  // The withdrawal has an account of its own: it waits for its game while others go on.
  const parts = () => bridgeParties(dev(), 1);

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
      // Isthmus brings the operator fee.
      expect(await l2.estimateOperatorFee(call)).toBe(0n);
      expect(await l2.estimateTotalGas(call)).toBeGreaterThan(21_000n);
      // The total counts the L2's share and the L1's; prices may move a little between the questions.
      const share = 21_000n * (await l2.getGasPrice()) + (await l2.estimateL1Fee(call));
      const total = await l2.estimateTotalFee(call);
      expect(total).toBeGreaterThan((share * 8n) / 10n);
      expect(total).toBeLessThan((share * 12n) / 10n);
      expect(await l2.getL1BaseFee()).toBeGreaterThan(0n);
    });

    test("a withdrawal is proved and paid out within the time of a coffee", async () => {
      const parties = bridgeParties(dev(), 7);
      const { account, l1, l2, wallet2, target } = parties;
      const request = await l1.buildInitiateWithdrawal({ account, to: account.address, value: WITHDRAWN });
      expect(await l2.estimateInitiateWithdrawalGas({ ...request, account } as never)).toBeGreaterThan(21_000n);
      const hash = await wallet2.initiateWithdrawal({ ...request, account } as never);
      const receipt = await l2.waitForTransactionReceipt({ hash });
      expect(getWithdrawals(receipt)).toHaveLength(1);
      expect(["waiting-to-prove", "ready-to-prove"]).toContain(
        await l1.getWithdrawalStatus({ receipt, targetChain: target, gameLimit: 10 }),
      );

      const { game, proved, status, finalize } = await payOut(parties, receipt);
      expect(game.l2BlockNumber).toBeGreaterThanOrEqual(receipt.blockNumber);
      expect((await l1.getGames({ targetChain: target, l2BlockNumber: receipt.blockNumber })).length).toBeGreaterThan(
        0,
      );
      expect(proved.status).toBe("success");
      const before = await l1.getBalance({ address: account.address });
      const finalized = await l1.waitForTransactionReceipt({ hash: await finalize() });
      expect(finalized.status).toBe("success");
      const fee = finalized.gasUsed * finalized.effectiveGasPrice;
      expect(await l1.getBalance({ address: account.address })).toBe(before + WITHDRAWN - fee);
      expect(await status()).toBe("finalized");
    }, 180_000);
  });
}
