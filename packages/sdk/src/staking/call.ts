import {
  type Abi,
  type Account,
  type Address,
  BaseError,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionParameters,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  encodeFunctionData,
  type Hash,
  InsufficientFundsError,
  type ReadContractReturnType,
  type TransactionReceipt,
} from "viem";
import { readContract, sendTransaction, simulateContract } from "viem/actions";
import { SdkError } from "../errors.ts";
import type { AnyClient } from "../rpc/call.ts";
import { contractErrorsAbi } from "./generated/contract-errors.ts";
import { receiptOf } from "./receipt.ts";

/** One transaction to a contract, not sent yet: wallets, consoles and tests take it as it is. */
export interface Call {
  /** What it does, for people: "approve the deposit". */
  readonly label: string;
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  readonly valueWei?: bigint;
  /** A limit of its own, where an estimate would be too low: what contracts catch, a node's estimate lets fail. */
  readonly gas?: bigint;
}

export interface CallClients {
  /** Of the L1: simulates, and waits for receipts. */
  readonly publicClient: AnyClient;
  /** With an account that signs and pays. */
  readonly walletClient: AnyClient;
}

/** Told of each call, before its signature and when it is mined. */
export type OnStep = (step: {
  readonly call: Call;
  /** From 0, of `count`. */
  readonly index: number;
  readonly count: number;
  readonly state: "signing" | "mining" | "done";
  readonly hash?: Hash;
}) => void;

type Viewed = "pure" | "view";

/**
 * A view of a contract.
 * @throws SdkError `REFUSED` with the contract's own error, `SERVICE_UNKNOWN` where no such contract is; viem's errors
 */
export async function view<
  const abi extends Abi,
  name extends ContractFunctionName<abi, Viewed>,
  const args extends ContractFunctionArgs<abi, Viewed, name>,
>(
  client: AnyClient,
  parameters: ContractFunctionParameters<abi, Viewed, name, args>,
): Promise<ReadContractReturnType<abi, name, args>> {
  const { address, abi, functionName } = parameters;
  try {
    return (await readContract(client, { ...parameters, abi: withErrors(abi) } as never)) as never;
  } catch (error) {
    if (error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionZeroDataError) !== null) {
      throw new SdkError("SERVICE_UNKNOWN", `there is no contract with ${functionName} at ${address}`, { address });
    }
    throw refusal(error, functionName);
  }
}

export function encodeCall({ address, abi, functionName, args, valueWei = 0n }: Call) {
  return { to: address, data: encodeFunctionData({ abi, functionName, args }), value: valueWei };
}

/**
 * Simulates a call, sends it, and waits until it is mined.
 * @throws SdkError `REFUSED` with the contract's own error, before anything is sent; `INSUFFICIENT_FUNDS`,
 * `TRANSACTION_REVERTED`, `TRANSACTION_NOT_MINED`, `NO_ACCOUNT`; viem's errors where wallet or L1 refuse
 */
export async function execute(
  call: Call,
  clients: CallClients,
  onSent: (hash: Hash) => void = () => {},
): Promise<TransactionReceipt> {
  const { publicClient, walletClient } = clients;
  const account = accountOf(walletClient);
  const { label, address, functionName, args, valueWei } = call;
  const abi = withErrors(call.abi);
  const value = valueWei === undefined ? {} : { value: valueWei };
  const gas = call.gas === undefined ? {} : { gas: call.gas };
  try {
    await simulateContract(publicClient, { account, address, abi, functionName, args, ...value, ...gas } as never);
  } catch (error) {
    throw unpaid(error, label, account.address) ?? refusal(error, label);
  }
  let hash: Hash;
  try {
    hash = await sendTransaction(walletClient, { account, chain: null, ...gas, ...encodeCall(call) } as never);
  } catch (error) {
    throw unpaid(error, label, account.address) ?? error;
  }
  onSent(hash);
  const receipt = await receiptOf(hash, publicClient);
  if (receipt.status !== "success") {
    throw new SdkError("TRANSACTION_REVERTED", `${label} reverted`, { hash, gasUsed: receipt.gasUsed });
  }
  return receipt;
}

/** One after the other; what is done stays done where a later one fails. */
export async function executeAll(
  calls: readonly Call[],
  clients: CallClients,
  onStep: OnStep = () => {},
): Promise<TransactionReceipt[]> {
  const receipts: TransactionReceipt[] = [];
  for (const [index, call] of calls.entries()) {
    const step = { call, index, count: calls.length };
    onStep({ ...step, state: "signing" });
    const receipt = await execute(call, clients, (hash) => onStep({ ...step, state: "mining", hash }));
    onStep({ ...step, state: "done", hash: receipt.transactionHash });
    receipts.push(receipt);
  }
  return receipts;
}

export function accountOf({ account }: AnyClient): Account {
  if (account !== undefined) return account;
  throw new SdkError("NO_ACCOUNT", "the wallet client has no account: create it with one that can pay");
}

/** What people can do about errors that they meet; the others speak for themselves. */
const HINTS: Readonly<Record<string, string>> = {
  BelowMinimum:
    "the stake that the set can slash is below the service's minimum: deposit or allocate more, or wait for the allocation's delay",
  OperatorNotRegistered: "the account is not registered as an operator",
  OperatorsCannotUndelegate: "an operator delegates to itself for ever",
  AlreadyMemberOfSet: "the operator is a member, or still slashable after it left",
  KeyAlreadyRegistered: "this key is burnt: another registration used it",
  OperatorJailed: "the operator was convicted of a contradictory signature",
  UninitializedAllocationDelay: "the operator has no allocation delay in force yet",
  ModificationAlreadyPending: "an earlier change of this allocation is still waiting",
  InsufficientMagnitude: "more than the operator's magnitude would be allocated",
  CurrentlyPaused: "the core is paused: try again later",
  WithdrawalDelayNotElapsed: "the withdrawal's delay is not over",
  StrategyNotWhitelisted: "the core takes no deposits into this strategy",
  UnauthorizedCaller:
    "rewards roots come from the core's updater, and claims from the earner or from the claimer that it named",
  OnlySystemConfigOwner: "only the owner of the rollup's SystemConfig may",
  OnlyCreator: "only the account that created the suite may",
  ClassWithoutWeight: "no operator with stake in this asset class has joined yet",
  BadStrategies: "one to four strategies, each once, with classes that the minimum weights name each one of",
  DeallocationDelayTooShort:
    "on this core stake leaves before a fault of the service could be slashed: allow that, and clients say so, or choose shorter windows",
  ClaimsOpenUntil: "the bounty is paid once nobody can claim it any more",
  NothingToPay: "nobody claimed the bounty, no slash took anything yet, or another bounty was paid a short while ago",
};

/** Of an account that cannot pay. */
function unpaid(error: unknown, label: string, account: Address): SdkError | undefined {
  if (!(error instanceof BaseError)) return undefined;
  if (error.walk((cause) => cause instanceof InsufficientFundsError) === null) return undefined;
  const message = `${label}: ${account} has too little ether on this chain for gas and value: send it some`;
  return new SdkError("INSUFFICIENT_FUNDS", message, { account }, error);
}

/** A viem error as ours, with the name of the contract's error where it gave one. Others, such as of the network, pass. */
function refusal(error: unknown, label: string): unknown {
  if (!(error instanceof BaseError)) return error;
  const reverted = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  if (!(reverted instanceof ContractFunctionRevertedError)) return error;
  const name = reverted.data?.errorName ?? reverted.reason ?? reverted.signature ?? "reverted without a reason";
  const args = (reverted.data?.args ?? []).map(String);
  const hint = HINTS[name];
  const called = args.length === 0 ? name : `${name}(${args.join(", ")})`;
  return new SdkError("REFUSED", `${label}: ${called}${hint === undefined ? "" : `: ${hint}`}`, { error: name, args });
}

/** The ABI with the errors of all contracts: what is deeper in the call reverts through. */
function withErrors(abi: Abi): Abi {
  return [...abi.filter(({ type }) => type !== "error"), ...contractErrorsAbi];
}
