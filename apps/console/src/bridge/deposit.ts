import { waitForTransactionReceipt } from "viem/actions";
import { depositTransaction, getL2TransactionHashes } from "viem/op-stack";
import type { Hex } from "../api/types.ts";
import type { Provider } from "../wallet/provider.ts";
import type { Sides } from "./clients.ts";
import { walletOn } from "./clients.ts";
import { BridgeError } from "./errors.ts";

export type DepositStage =
  /** Of tokens: the bridge is allowed to take them. */
  | { readonly stage: "allowing" }
  | { readonly stage: "signing" }
  | { readonly stage: "mining"; readonly l1Hash: Hex }
  | { readonly stage: "arriving"; readonly l1Hash: Hex; readonly l2Hash: Hex }
  | { readonly stage: "arrived"; readonly l1Hash: Hex; readonly l2Hash: Hex };

/** Gas that the deposit may take on the rollup; a transfer needs 21,000, a smart account's receive hook more. */
const L2_GAS = 100_000n;
const WAIT_MS = 20 * 60_000;

/**
 * Moves ether from the settlement chain to the same address on the rollup, telling each stage as it is reached.
 * @throws BridgeError, WalletError, viem's errors
 */
export async function deposit(
  options: { readonly account: Hex; readonly amountWei: bigint; readonly onStage: (stage: DepositStage) => void },
  { sides, provider }: { readonly sides: Sides; readonly provider: Provider },
): Promise<void> {
  const { account, amountWei, onStage } = options;
  onStage({ stage: "signing" });
  const wallet = walletOn(sides.l1, provider, account);
  const l1Hash = await depositTransaction(wallet, {
    account,
    request: { gas: L2_GAS, mint: amountWei, to: account },
    targetChain: sides.l2.chain as never,
  } as never);
  onStage({ stage: "mining", l1Hash });
  const receipt = await waitForTransactionReceipt(sides.l1, { hash: l1Hash, timeout: WAIT_MS });
  if (receipt.status !== "success") {
    throw new BridgeError({
      code: "REVERTED",
      message: "The deposit failed on the settlement chain. Nothing was moved.",
    });
  }
  const [l2Hash] = getL2TransactionHashes(receipt);
  if (l2Hash === undefined) {
    throw new BridgeError({ code: "NO_DEPOSIT", message: "The transaction was mined, and holds no deposit." });
  }
  onStage({ stage: "arriving", l1Hash, l2Hash });
  const arrived = await waitForTransactionReceipt(sides.l2, { hash: l2Hash, timeout: WAIT_MS });
  if (arrived.status !== "success") {
    throw new BridgeError({
      code: "REVERTED",
      message: "The ether is on the rollup, but the receiving account refused it there.",
    });
  }
  onStage({ stage: "arrived", l1Hash, l2Hash });
}
