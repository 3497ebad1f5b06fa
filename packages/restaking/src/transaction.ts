import { PROTOCOL_CONTRACTS } from "@altlayer/contracts";
import {
  type Abi,
  type AbiItem,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  encodeFunctionData,
  type PublicClient,
  type TransactionReceipt,
} from "viem";
import { abiOf, accountOf, type Clients } from "./deployment.ts";
import { RestakingError } from "./errors.ts";
import { receiptOf } from "./receipt.ts";

/** One transaction to a contract, not sent yet: wallets, consoles and tests take it as it is. */
export interface Call {
  /** What it does, for people: "deposit 5 WETH". */
  readonly label: string;
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  readonly valueWei?: bigint;
  /** A limit of its own, where an estimate would be too low: what contracts catch, a node's estimate lets fail. */
  readonly gas?: bigint;
}

export function encodeCall({ address, abi, functionName, args, valueWei = 0n }: Call) {
  return { to: address, data: encodeFunctionData({ abi, functionName, args }), value: valueWei };
}

/** A view of a contract, typed by who asks. */
export async function read<T>(
  publicClient: PublicClient,
  address: Address,
  abi: Abi,
  functionName: string,
  args: readonly unknown[] = [],
): Promise<T> {
  try {
    return (await publicClient.readContract({ address, abi: withErrors(abi), functionName, args })) as T;
  } catch (error) {
    throw refusal(error, functionName);
  }
}

/**
 * Simulates a call, sends it, and waits until it is mined.
 * @throws RestakingError `REFUSED` with the contract's own error, before anything is sent; `TRANSACTION_REVERTED`.
 */
export async function execute(call: Call, clients: Clients): Promise<TransactionReceipt> {
  const { publicClient, walletClient } = clients;
  const account = accountOf(clients);
  const { label, address, functionName, args, valueWei } = call;
  const abi = withErrors(call.abi);
  const value = valueWei === undefined ? {} : { value: valueWei };
  const gas = call.gas === undefined ? {} : { gas: call.gas };
  try {
    await publicClient.simulateContract({ account, address, abi, functionName, args, ...value, ...gas } as never);
  } catch (error) {
    throw refusal(error, label);
  }
  const hash = await walletClient.sendTransaction({ account, chain: null, ...gas, ...encodeCall(call) });
  const receipt = await receiptOf(hash, publicClient);
  if (receipt.status !== "success") {
    throw new RestakingError("TRANSACTION_REVERTED", `${label} reverted`, { hash, gasUsed: receipt.gasUsed });
  }
  return receipt;
}

/** One after the other; what is done stays done where a later one fails. */
export async function executeAll(calls: readonly Call[], clients: Clients): Promise<TransactionReceipt[]> {
  const receipts: TransactionReceipt[] = [];
  for (const call of calls) receipts.push(await execute(call, clients));
  return receipts;
}

/** What people can do about errors that they meet; the others speak for themselves. */
const HINTS: Readonly<Record<string, string>> = {
  BelowMinimum:
    "the stake that the set can slash is below the service's minimum: deposit or allocate more, or wait for the allocation's delay",
  OperatorNotRegistered: "the account is not registered as an operator",
  AlreadyMemberOfSet: "the operator is a member, or still slashable after it left",
  KeyAlreadyRegistered: "this key is burnt: another registration used it",
  OperatorJailed: "the operator was convicted of a contradictory signature",
  UninitializedAllocationDelay: "the operator has no allocation delay in force yet",
  ModificationAlreadyPending: "an earlier change of this allocation is still waiting",
  InsufficientMagnitude: "more than the operator's magnitude would be allocated",
  CurrentlyPaused: "the core is paused: try again later",
  WithdrawalDelayNotElapsed: "the withdrawal's delay is not over",
  StrategyNotWhitelisted: "the core takes no deposits into this strategy",
};

/** A viem error as ours, with the name of the contract's error where it gave one. Others, such as of the network, pass. */
function refusal(error: unknown, label: string): unknown {
  if (!(error instanceof BaseError)) return error;
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) return error;
  const name = reverted.data?.errorName ?? reverted.reason ?? reverted.signature ?? "reverted without a reason";
  const args = (reverted.data?.args ?? []).map(String);
  const hint = HINTS[name];
  const called = args.length === 0 ? name : `${name}(${args.join(", ")})`;
  return new RestakingError("REFUSED", `${label}: ${called}${hint === undefined ? "" : `: ${hint}`}`, {
    error: name,
    args,
  });
}

let errors: readonly AbiItem[] | undefined;

/** The ABI with the errors of all contracts: what is deeper in the call reverts through. */
function withErrors(abi: Abi): Abi {
  if (errors === undefined) {
    const byShape = new Map<string, AbiItem>();
    for (const name of PROTOCOL_CONTRACTS) {
      for (const item of abiOf(name)) {
        if (item.type !== "error") continue;
        byShape.set(JSON.stringify([item.name, item.inputs]), item);
      }
    }
    errors = [...byShape.values()];
  }
  return [...abi.filter(({ type }) => type !== "error"), ...errors] as Abi;
}
