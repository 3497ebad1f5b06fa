import { createPublicClient, createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { publicActionsL1, publicActionsL2, walletActionsL1, walletActionsL2 } from "viem/op-stack";
import type { DevReady } from "./dev-chain.ts";
import { chainsOf } from "./op-chain.ts";
import { until } from "./rpc.ts";

const POLL_MS = 200;

/** One test account with viem's clients on both sides of the bridge. */
export function bridgeParties(ready: DevReady, accountIndex: number) {
  const { l1, l2 } = chainsOf(ready);
  const account = privateKeyToAccount(ready.accounts[accountIndex]?.privateKey ?? "0x");
  const common = { transport: http(), pollingInterval: POLL_MS };
  return {
    account,
    target: l2,
    l1: createPublicClient({ chain: l1, ...common }).extend(publicActionsL1()),
    l2: createPublicClient({ chain: l2, ...common }).extend(publicActionsL2()),
    wallet1: createWalletClient({ account, chain: l1, ...common }).extend(walletActionsL1()),
    wallet2: createWalletClient({ account, chain: l2, ...common }).extend(walletActionsL2()),
  };
}
export type BridgeParties = ReturnType<typeof bridgeParties>;
export type L2Receipt = Awaited<ReturnType<BridgeParties["l2"]["waitForTransactionReceipt"]>>;

/** Proves the one withdrawal of an L2 transaction on the L1, waits until it may be finalized, and finalizes it. */
export async function payOut({ account, l1, l2, wallet1, target }: BridgeParties, receipt: L2Receipt) {
  const { game, withdrawal } = await l1.waitToProve({ receipt, targetChain: target });
  const proof = await l2.buildProveWithdrawal({ account, game, withdrawal } as never);
  const proved = await l1.waitForTransactionReceipt({ hash: await wallet1.proveWithdrawal(proof as never) });
  const status = () => l1.getWithdrawalStatus({ receipt, targetChain: target, gameLimit: 10 });
  await until(
    "ready to finalize",
    async () => (await status().catch(() => "unresolved")) === "ready-to-finalize",
    90_000,
  );
  const finalize = () => wallet1.finalizeWithdrawal({ targetChain: target, withdrawal } as never);
  return { game, proved, status, finalize };
}
