import { decodeFunctionData, encodeEventTopics, keccak256, parseAbi, parseEventLogs } from "viem";
import { readContract, waitForTransactionReceipt, writeContract } from "viem/actions";
import * as z from "zod/mini";
import type { Hex } from "../api/types.ts";
import type { Rpc } from "../chain/rpc.ts";
import { Logs, Transaction } from "../chain/shapes.ts";
import type { Provider } from "../wallet/provider.ts";
import type { Sides } from "./clients.ts";
import { walletOn } from "./clients.ts";
import { BridgeError } from "./errors.ts";
import { L2_BRIDGE } from "./token-bridge.ts";

/** Carries messages of the settlement chain into the rollup, and keeps those that failed (OP Stack specification, messengers). */
const MESSENGER: Hex = "0x4200000000000000000000000000000000000007";
const MESSENGER_ABI = parseAbi([
  "event FailedRelayedMessage(bytes32 indexed msgHash)",
  "event RelayedMessage(bytes32 indexed msgHash)",
  "function relayMessage(uint256 nonce, address sender, address target, uint256 value, uint256 minGasLimit, bytes message) payable",
  "function successfulMessages(bytes32 msgHash) view returns (bool)",
]);
const BRIDGE_ABI = parseAbi([
  "function finalizeBridgeETH(address from, address to, uint256 amount, bytes extraData)",
  "function finalizeBridgeERC20(address localToken, address remoteToken, address from, address to, uint256 amount, bytes extraData)",
]);
const WAIT_MS = 5 * 60_000;
/** Failures looked at, the newest. */
const FAILED_MAX = 100;
const GAS_BASE = 500_000n;
const GAS_MAX = 10_000_000n;

/** A deposit whose message failed on the rollup: the bridge holds what was sent, and nobody has it. */
export interface StuckDeposit {
  /** Names the message. */
  readonly message: Hex;
  /** Transaction on the rollup in which it failed. */
  readonly hash: Hex;
  /** Of the rollup; null: ether. */
  readonly token: Hex | null;
  readonly amount: bigint;
  /** Call of the messenger that tries again. */
  readonly call: readonly [bigint, Hex, Hex, bigint, bigint, Hex];
}

/** Deposits from or to an account that failed on the rollup and were not given out since, the newest first. */
export async function stuckDeposits(
  account: Hex,
  { rpc, l2 }: { readonly rpc: Rpc; readonly l2: Sides["l2"] },
): Promise<readonly StuckDeposit[]> {
  const topics = encodeEventTopics({ abi: MESSENGER_ABI, eventName: "FailedRelayedMessage" });
  const filter = { address: MESSENGER, topics, fromBlock: "0x0", toBlock: "latest" };
  const logs = (await rpc.call("eth_getLogs", [filter], Logs)).slice(-FAILED_MAX).reverse();
  const newest = new Map(logs.map(({ topics: [, message = "0x"], transactionHash }) => [message, transactionHash]));
  const found = await Promise.all([...newest].map(([message, hash]) => depositOf(message, hash, rpc)));
  const mine = found.flatMap((each) => (each?.parties.includes(account) ? [each.deposit] : []));
  const done = await Promise.all(
    mine.map(({ message }) =>
      readContract(l2, {
        address: MESSENGER,
        abi: MESSENGER_ABI,
        functionName: "successfulMessages",
        args: [message],
      }),
    ),
  );
  return mine.filter((_, index) => done[index] === false);
}

interface Read {
  readonly deposit: StuckDeposit;
  readonly parties: readonly string[];
}

/** What the message of a failed transaction would have given out; null where it is not the bridge's. */
async function depositOf(message: Hex, hash: Hex, rpc: Rpc): Promise<Read | null> {
  const transaction = await rpc.call("eth_getTransactionByHash", [hash], z.nullable(Transaction));
  // A message is named by the hash of the call that relays it. Who called through a contract is not read here.
  if (transaction === null || keccak256(transaction.input) !== message) return null;
  try {
    const { args } = decodeFunctionData({ abi: MESSENGER_ABI, data: transaction.input });
    const [, , target, , , inner] = args as StuckDeposit["call"];
    if (target.toLowerCase() !== L2_BRIDGE) return null;
    const call = decodeFunctionData({ abi: BRIDGE_ABI, data: inner });
    const [token, [from, to, amount]] =
      call.functionName === "finalizeBridgeETH"
        ? ([null, call.args] as const)
        : ([call.args[0].toLowerCase() as Hex, call.args.slice(2) as [Hex, Hex, bigint]] as const);
    return {
      deposit: { message, hash, token, amount, call: args as StuckDeposit["call"] },
      parties: [from.toLowerCase(), to.toLowerCase()],
    };
  } catch {
    // Another message of the bridge's counterpart: nothing that this page could name.
    return null;
  }
}

/**
 * Tries a failed message again, which anybody may. The gas is given and not estimated: too little would not revert, the
 * message would only fail once more.
 * @throws BridgeError `REVERTED` when it failed again; WalletError, viem's errors
 */
export async function relayAgain(
  { message, call }: StuckDeposit,
  { sides, provider, account }: { readonly sides: Sides; readonly provider: Provider; readonly account: Hex },
): Promise<void> {
  const [, , , , minGas] = call;
  const wanted = GAS_BASE + 2n * minGas;
  const hash = await writeContract(walletOn(sides.l2, provider, account), {
    address: MESSENGER,
    abi: MESSENGER_ABI,
    functionName: "relayMessage",
    args: [...call],
    gas: wanted < GAS_MAX ? wanted : GAS_MAX,
  });
  const { logs } = await waitForTransactionReceipt(sides.l2, { hash, timeout: WAIT_MS });
  const relayed = parseEventLogs({ abi: MESSENGER_ABI, eventName: "RelayedMessage", logs });
  if (relayed.some(({ args }) => args.msgHash === message)) return;
  throw new BridgeError({
    code: "REVERTED",
    message: "It failed again: the token's contract on the rollup refuses to give it out. Nothing is lost.",
  });
}
