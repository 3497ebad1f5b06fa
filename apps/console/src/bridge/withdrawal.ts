import type { TransactionReceipt } from "viem";
import { encodeEventTopics, parseAbi } from "viem";
import { getTransactionReceipt, waitForTransactionReceipt } from "viem/actions";
import {
  buildProveWithdrawal,
  finalizeWithdrawal,
  getTimeToFinalize,
  getTimeToProve,
  getWithdrawalStatus,
  getWithdrawals,
  initiateWithdrawal,
  proveWithdrawal,
  waitToProve,
} from "viem/op-stack";
import type { Hex } from "../api/types.ts";
import type { Rpc } from "../chain/rpc.ts";
import { Logs } from "../chain/shapes.ts";
import type { Provider } from "../wallet/provider.ts";
import type { Sides } from "./clients.ts";
import { walletOn } from "./clients.ts";
import { BridgeError } from "./errors.ts";
import { L2_BRIDGE, withdrawnToken } from "./token-bridge.ts";

/** Where a withdrawal stands, lowest first. */
export const STAGES = [
  "waiting-to-prove",
  "ready-to-prove",
  "waiting-to-finalize",
  "ready-to-finalize",
  "finalized",
] as const;
export type Stage = (typeof STAGES)[number];

export interface WithdrawalState {
  readonly hash: Hex;
  /** Null: ether. */
  readonly token: Hex | null;
  /** Wei, or the token's smallest units. */
  readonly amount: bigint;
  readonly stage: Stage;
  /** Seconds until the next stage, where the chains tell. */
  readonly seconds: number | undefined;
}

const L2_GAS = 21_000n;
const WAIT_MS = 5 * 60_000;
const GAMES_SEARCHED = 100;
const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";
const LOG_BLOCKS = 10_000;

const WITHDRAWAL_EVENTS = parseAbi([
  "event MessagePassed(uint256 indexed nonce, address indexed sender, address indexed target, uint256 value, uint256 gasLimit, bytes data, bytes32 withdrawalHash)",
  "event ERC20BridgeInitiated(address indexed localToken, address indexed remoteToken, address indexed from, address to, uint256 amount, bytes extraData)",
  "event ETHBridgeInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData)",
]);

interface Parties {
  readonly sides: Sides;
  readonly provider: Provider;
  readonly account: Hex;
}

/** Starts a withdrawal on the rollup. @returns its transaction's hash, once in a block */
export async function startWithdrawal(amountWei: bigint, { sides, provider, account }: Parties): Promise<Hex> {
  const hash = await initiateWithdrawal(walletOn(sides.l2, provider, account), {
    account,
    request: { gas: L2_GAS, to: account, value: amountWei },
  } as never);
  const receipt = await waitForTransactionReceipt(sides.l2, { hash, timeout: WAIT_MS });
  if (receipt.status !== "success") {
    throw new BridgeError({ code: "REVERTED", message: "The withdrawal failed on the rollup. Nothing was moved." });
  }
  return hash;
}

/** Reads where a withdrawal stands. @throws BridgeError `NO_WITHDRAWAL` */
export async function withdrawalState(hash: Hex, { l1, l2 }: Sides): Promise<WithdrawalState> {
  const { receipt, withdrawal } = await withdrawalOf(hash, l2);
  const target = { receipt, targetChain: l2.chain, gameLimit: GAMES_SEARCHED } as never;
  // viem throws where a proven withdrawal's game is not resolved yet: that is a wait like the others.
  const stage: Stage = await getWithdrawalStatus(l1, target).catch(() => "waiting-to-finalize" as const);
  const seconds = await secondsLeft(stage, withdrawal.withdrawalHash, receipt, { l1, l2 }).catch(() => undefined);
  const token = withdrawnToken(receipt);
  return { hash, token: token?.token ?? null, amount: token?.amount ?? withdrawal.value, stage, seconds };
}

async function withdrawalOf(hash: Hex, l2: Sides["l2"]) {
  const receipt = await getTransactionReceipt(l2, { hash });
  const [withdrawal] = getWithdrawals(receipt);
  if (withdrawal === undefined) {
    throw new BridgeError({ code: "NO_WITHDRAWAL", message: "This transaction withdraws nothing." });
  }
  return { receipt, withdrawal };
}

async function secondsLeft(stage: Stage, withdrawalHash: Hex, receipt: TransactionReceipt, { l1, l2 }: Sides) {
  const targetChain = l2.chain as never;
  if (stage === "waiting-to-prove") return (await getTimeToProve(l1, { receipt, targetChain } as never)).seconds;
  if (stage === "waiting-to-finalize") {
    return (await getTimeToFinalize(l1, { withdrawalHash, targetChain } as never)).seconds;
  }
  return undefined;
}

/** Shows on the settlement chain that the rollup's state holds the withdrawal. @returns the L1 transaction's hash */
export async function prove(hash: Hex, { sides, provider, account }: Parties): Promise<Hex> {
  const { receipt } = await withdrawalOf(hash, sides.l2);
  const targetChain = sides.l2.chain as never;
  const { game, withdrawal } = await waitToProve(sides.l1, { receipt, targetChain } as never);
  const proof = await buildProveWithdrawal(sides.l2, { account, game, withdrawal } as never);
  return sent(await proveWithdrawal(walletOn(sides.l1, provider, account), { ...proof, account } as never), sides);
}

/** Has a proven withdrawal paid out. @returns the L1 transaction's hash */
export async function finalize(hash: Hex, { sides, provider, account }: Parties): Promise<Hex> {
  const { withdrawal } = await withdrawalOf(hash, sides.l2);
  const targetChain = sides.l2.chain as never;
  return sent(
    await finalizeWithdrawal(walletOn(sides.l1, provider, account), { account, targetChain, withdrawal } as never),
    sides,
  );
}

async function sent(hash: Hex, { l1 }: Sides): Promise<Hex> {
  const receipt = await waitForTransactionReceipt(l1, { hash, timeout: WAIT_MS });
  if (receipt.status !== "success") {
    throw new BridgeError({
      code: "NOT_READY",
      message: "The settlement chain refused this step. Try again a little later.",
    });
  }
  return hash;
}

/** Withdrawals of an account in the rollup's newest blocks, newest first: by its own messages, or through the bridge. */
export async function withdrawalsOf(account: Hex, head: number, rpc: Rpc): Promise<readonly Hex[]> {
  const logsOf = (address: Hex, topics: readonly unknown[]) => {
    const fromBlock = `0x${Math.max(0, head - LOG_BLOCKS + 1).toString(16)}`;
    return rpc.call("eth_getLogs", [{ address, topics, fromBlock, toBlock: `0x${head.toString(16)}` }], Logs);
  };
  const found = await Promise.all([
    logsOf(
      MESSAGE_PASSER,
      encodeEventTopics({ abi: WITHDRAWAL_EVENTS, eventName: "MessagePassed", args: { sender: account } }),
    ),
    logsOf(
      L2_BRIDGE,
      encodeEventTopics({ abi: WITHDRAWAL_EVENTS, eventName: "ERC20BridgeInitiated", args: { from: account } }),
    ),
    logsOf(
      L2_BRIDGE,
      encodeEventTopics({ abi: WITHDRAWAL_EVENTS, eventName: "ETHBridgeInitiated", args: { from: account } }),
    ),
  ]);
  const logs = found.flat().sort((a, b) => b.blockNumber - a.blockNumber || b.logIndex - a.logIndex);
  return [...new Set(logs.map(({ transactionHash }) => transactionHash))];
}
