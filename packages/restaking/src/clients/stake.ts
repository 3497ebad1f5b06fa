import { type Address, erc20Abi, type Hex, type PublicClient, parseAbi, zeroAddress, zeroHash } from "viem";
import type { CoreAddresses } from "../core.ts";
import { abiOf } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { type Call, read } from "../transaction.ts";

type CoreOnly = { readonly core: CoreAddresses };

/** A withdrawal as the core keeps it. */
export interface Withdrawal {
  readonly staker: Address;
  readonly delegatedTo: Address;
  readonly withdrawer: Address;
  readonly nonce: bigint;
  readonly startBlock: number;
  readonly strategies: readonly Address[];
  readonly scaledShares: readonly bigint[];
}

export interface QueuedWithdrawal {
  readonly withdrawal: Withdrawal;
  /** What would be paid now, after slashes, by strategy. */
  readonly shares: readonly bigint[];
  /** First L1 block in which it can be completed. */
  readonly completableAt: number;
}

export interface StakerStatus {
  readonly staker: Address;
  /** Null: to nobody. */
  readonly delegatedTo: Address | null;
  readonly deposits: readonly {
    readonly strategy: Address;
    readonly token: Address;
    /** Shares as deposited, and what of them could be withdrawn after slashes. */
    readonly depositShares: bigint;
    readonly withdrawableShares: bigint;
    /** The same in the token. */
    readonly withdrawable: bigint;
  }[];
  readonly withdrawals: readonly QueuedWithdrawal[];
  readonly withdrawalDelay: number;
}

const WETH = parseAbi(["function deposit() payable"]);
const STRATEGY = parseAbi([
  "function underlyingToken() view returns (address)",
  "function sharesToUnderlyingView(uint256) view returns (uint256)",
]);

/**
 * Calls that deposit `amount` of a strategy's token: an approval where the allowance does not suffice, then the deposit.
 * @param options.wrapEther first makes the amount of ether, where the token is a wrapped one.
 */
export async function depositCalls(
  options: CoreOnly & {
    readonly staker: Address;
    readonly strategy: Address;
    readonly amount: bigint;
    readonly wrapEther?: boolean;
  },
  publicClient: PublicClient,
): Promise<Call[]> {
  const { core, staker, strategy, amount } = options;
  const token = await tokenOf(strategy, publicClient);
  const [allowance, balance] = await Promise.all([
    read<bigint>(publicClient, token, erc20Abi, "allowance", [staker, core.strategyManager]),
    read<bigint>(publicClient, token, erc20Abi, "balanceOf", [staker]),
  ]);
  const calls: Call[] = [];
  if (options.wrapEther === true) {
    calls.push({ label: "wrap ether", address: token, abi: WETH, functionName: "deposit", args: [], valueWei: amount });
  } else if (balance < amount) {
    throw new RestakingError("CONFLICT", `${staker} holds ${balance} of token ${token}, less than ${amount}`, {
      staker,
      token,
      balance,
      amount,
    });
  }
  if (allowance < amount) {
    const args = [core.strategyManager, amount];
    calls.push({ label: "approve the deposit", address: token, abi: erc20Abi, functionName: "approve", args });
  }
  calls.push({
    label: "deposit",
    address: core.strategyManager,
    abi: abiOf("StrategyManager"),
    functionName: "depositIntoStrategy",
    args: [strategy, token, amount],
  });
  return calls;
}

/** What an operator that asks for approvals has signed for this staker. */
export interface DelegationApproval {
  readonly signature: Hex;
  readonly expiry: bigint;
  readonly salt: Hex;
}

/**
 * None where the staker delegates to the operator already.
 * @throws RestakingError `CONFLICT` where it delegates to another: undelegating queues withdrawals, so that is a step of its own.
 */
export async function delegateCalls(
  options: CoreOnly & { readonly staker: Address; readonly operator: Address; readonly approval?: DelegationApproval },
  publicClient: PublicClient,
): Promise<Call[]> {
  const { core, staker, operator, approval } = options;
  const current = await delegatedTo(core, staker, publicClient);
  if (current === operator) return [];
  if (current !== null) {
    throw new RestakingError("CONFLICT", `${staker} delegates to ${current}: undelegate first`, { staker, current });
  }
  const signature = { signature: approval?.signature ?? "0x", expiry: approval?.expiry ?? 0n };
  return [delegation(core, "delegate", "delegateTo", [operator, signature, approval?.salt ?? zeroHash])];
}

/** All of the staker's deposits are queued for withdrawal with it. None where it delegates to nobody. */
export async function undelegateCalls(
  { core, staker }: CoreOnly & { readonly staker: Address },
  publicClient: PublicClient,
): Promise<Call[]> {
  if ((await delegatedTo(core, staker, publicClient)) === null) return [];
  return [delegation(core, "undelegate", "undelegate", [staker])];
}

/**
 * Queues shares of one strategy for withdrawal.
 * @param options.depositShares all that is deposited, unless given.
 */
export async function queueWithdrawalCalls(
  options: CoreOnly & { readonly staker: Address; readonly strategy: Address; readonly depositShares?: bigint },
  publicClient: PublicClient,
): Promise<Call[]> {
  const { core, staker, strategy } = options;
  const { deposits } = await stakerStatus(options, publicClient);
  const held = deposits.find((deposit) => deposit.strategy === strategy)?.depositShares ?? 0n;
  const shares = options.depositShares ?? held;
  if (shares === 0n || shares > held) {
    throw new RestakingError("CONFLICT", `${staker} has ${held} deposit shares in ${strategy}`, { held, shares });
  }
  const params = [{ strategies: [strategy], depositShares: [shares], __deprecated_withdrawer: zeroAddress }];
  return [delegation(core, "queue the withdrawal", "queueWithdrawals", [params])];
}

/** Completes, as tokens, all withdrawals whose delay is over. None where there are none. */
export async function completeWithdrawalCalls(
  { core, staker }: CoreOnly & { readonly staker: Address },
  publicClient: PublicClient,
): Promise<Call[]> {
  const [{ withdrawals }, head] = await Promise.all([
    stakerStatus({ core, staker }, publicClient),
    publicClient.getBlockNumber({ cacheTime: 0 }),
  ]);
  // A simulation runs as of the head, not of the block that the transaction will land in.
  const ready = withdrawals.filter(({ completableAt }) => BigInt(completableAt) <= head);
  return Promise.all(
    ready.map(async ({ withdrawal }) => {
      const tokens = await Promise.all(withdrawal.strategies.map((strategy) => tokenOf(strategy, publicClient)));
      return delegation(core, "complete the withdrawal", "completeQueuedWithdrawal", [withdrawal, tokens, true]);
    }),
  );
}

export async function stakerStatus(
  { core, staker }: CoreOnly & { readonly staker: Address },
  publicClient: PublicClient,
): Promise<StakerStatus> {
  const dm = <T>(functionName: string, args: readonly unknown[]) =>
    read<T>(publicClient, core.delegationManager, abiOf("DelegationManager"), functionName, args);
  const [operator, [strategies, depositShares], [withdrawals, shares], delay] = await Promise.all([
    delegatedTo(core, staker, publicClient),
    dm<[Address[], bigint[]]>("getDepositedShares", [staker]),
    dm<[Withdrawal[], bigint[][]]>("getQueuedWithdrawals", [staker]),
    dm<number>("minWithdrawalDelayBlocks", []),
  ]);
  const [withdrawableShares] = await dm<[bigint[], bigint[]]>("getWithdrawableShares", [staker, strategies]);
  const deposits = await Promise.all(
    strategies.map(async (strategy, i) => ({
      strategy,
      token: await tokenOf(strategy, publicClient),
      depositShares: depositShares[i] ?? 0n,
      withdrawableShares: withdrawableShares[i] ?? 0n,
      withdrawable: await read<bigint>(publicClient, strategy, STRATEGY, "sharesToUnderlyingView", [
        withdrawableShares[i] ?? 0n,
      ]),
    })),
  );
  return {
    staker,
    delegatedTo: operator,
    deposits,
    withdrawals: withdrawals.map((withdrawal, i) => ({
      withdrawal,
      shares: shares[i] ?? [],
      completableAt: withdrawal.startBlock + delay + 1,
    })),
    withdrawalDelay: delay,
  };
}

export function tokenOf(strategy: Address, publicClient: PublicClient): Promise<Address> {
  return read<Address>(publicClient, strategy, STRATEGY, "underlyingToken");
}

async function delegatedTo(core: CoreAddresses, staker: Address, publicClient: PublicClient): Promise<Address | null> {
  const abi = abiOf("DelegationManager");
  const operator = await read<Address>(publicClient, core.delegationManager, abi, "delegatedTo", [staker]);
  return operator === zeroAddress ? null : operator;
}

function delegation(core: CoreAddresses, label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address: core.delegationManager, abi: abiOf("DelegationManager"), functionName, args };
}
