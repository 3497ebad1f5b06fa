import { type Address, erc20Abi, type Hex, isAddressEqual, parseAbi, zeroAddress, zeroHash } from "viem";
import { getBlockNumber } from "viem/actions";
import { SdkError } from "../errors.ts";
import type { AnyClient } from "../rpc/call.ts";
import { type Call, view } from "./call.ts";
import { delegationManagerAbi } from "./generated/delegation-manager.ts";
import { strategyAbi } from "./generated/strategy.ts";
import { strategyManagerAbi } from "./generated/strategy-manager.ts";
import type { StakingCore } from "./sets.ts";

/** The contracts of a core that the call needs: any core's addresses have them. */
type Of = { readonly core: Pick<StakingCore, "delegationManager" | "strategyManager">; readonly staker: Address };

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
  /** L1 blocks. */
  readonly withdrawalDelay: number;
}

/**
 * EigenLayer's name for ether that validators have restaked. No contract is there: shares are wei, and a withdrawal's
 * token is of no matter. No service here counts it, but its stakers have other deposits beside it.
 */
const NATIVE_ETHER: Address = "0xbeaC0eeEeeeeEEeEeEEEEeeEEeEeeeEeeEEBEaC0";
const WETH = parseAbi(["function deposit() payable"]);

/**
 * Calls that deposit `amount` of a strategy's token: an approval where the allowance does not suffice, then the deposit.
 * @param options.amount in the token's smallest unit.
 * @param options.wrapEther first makes the amount of ether, where the token is a wrapped one.
 * @throws SdkError `CONFLICT` where the account holds less
 */
export async function depositCalls(
  options: Of & { readonly strategy: Address; readonly amount: bigint; readonly wrapEther?: boolean },
  client: AnyClient,
): Promise<Call[]> {
  const { core, staker, strategy, amount } = options;
  const token = await tokenOf(strategy, client);
  const erc20 = { address: token, abi: erc20Abi } as const;
  const [allowance, balance] = await Promise.all([
    view(client, { ...erc20, functionName: "allowance", args: [staker, core.strategyManager] }),
    view(client, { ...erc20, functionName: "balanceOf", args: [staker] }),
  ]);
  const calls: Call[] = [];
  if (options.wrapEther === true) {
    calls.push({ label: "wrap ether", address: token, abi: WETH, functionName: "deposit", args: [], valueWei: amount });
  } else if (balance < amount) {
    throw new SdkError("CONFLICT", `${staker} holds ${balance} of token ${token}, less than ${amount}`, {
      ...{ staker, token, balance, amount },
    });
  }
  if (allowance < amount) {
    const args = [core.strategyManager, amount];
    calls.push({ label: "approve the deposit", address: token, abi: erc20Abi, functionName: "approve", args });
  }
  calls.push({
    label: "deposit",
    address: core.strategyManager,
    abi: strategyManagerAbi,
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
 * @throws SdkError `CONFLICT` where it delegates to another: undelegating queues withdrawals, so that is a step of its own.
 */
export async function delegateCalls(
  options: Of & { readonly operator: Address; readonly approval?: DelegationApproval },
  client: AnyClient,
): Promise<Call[]> {
  const { core, staker, operator, approval } = options;
  const current = await delegatedTo(options, client);
  if (current !== null && isAddressEqual(current, operator)) return [];
  if (current !== null) {
    throw new SdkError("CONFLICT", `${staker} delegates to ${current}: undelegate first`, { staker, current });
  }
  const signature = { signature: approval?.signature ?? "0x", expiry: approval?.expiry ?? 0n };
  return [delegation(core, "delegate", "delegateTo", [operator, signature, approval?.salt ?? zeroHash])];
}

/** All of the staker's deposits are queued for withdrawal with it. None where it delegates to nobody. */
export async function undelegateCalls({ core, staker }: Of, client: AnyClient): Promise<Call[]> {
  if ((await delegatedTo({ core, staker }, client)) === null) return [];
  return [delegation(core, "undelegate", "undelegate", [staker])];
}

/**
 * Queues shares of one strategy for withdrawal.
 * @param options.depositShares all that is deposited, unless given.
 * @throws SdkError `CONFLICT` where there are not as many
 */
export async function queueWithdrawalCalls(
  options: Of & { readonly strategy: Address; readonly depositShares?: bigint },
  client: AnyClient,
): Promise<Call[]> {
  const { core, staker, strategy } = options;
  const { deposits } = await stakerStatus(options, client);
  const held = deposits.find((deposit) => isAddressEqual(deposit.strategy, strategy))?.depositShares ?? 0n;
  const shares = options.depositShares ?? held;
  if (shares === 0n || shares > held) {
    throw new SdkError("CONFLICT", `${staker} has ${held} deposit shares in ${strategy}`, { held, shares });
  }
  const params = [{ strategies: [strategy], depositShares: [shares], __deprecated_withdrawer: zeroAddress }];
  return [delegation(core, "queue the withdrawal", "queueWithdrawals", [params])];
}

/** Completes, as tokens, all withdrawals whose delay is over. None where there are none. */
export async function completeWithdrawalCalls({ core, staker }: Of, client: AnyClient): Promise<Call[]> {
  const [{ withdrawals }, head] = await Promise.all([
    stakerStatus({ core, staker }, client),
    getBlockNumber(client, { cacheTime: 0 }),
  ]);
  // A simulation runs as of the head, not of the block that the transaction will land in.
  const ready = withdrawals.filter(({ completableAt }) => BigInt(completableAt) <= head);
  return Promise.all(
    ready.map(async ({ withdrawal }) => {
      const tokens = await Promise.all(withdrawal.strategies.map((strategy) => tokenOf(strategy, client)));
      return delegation(core, "complete the withdrawal", "completeQueuedWithdrawal", [withdrawal, tokens, true]);
    }),
  );
}

/** Deposits, delegation and queued withdrawals of an account, in all strategies of the core. */
export async function stakerStatus({ core, staker }: Of, client: AnyClient): Promise<StakerStatus> {
  const dm = { address: core.delegationManager, abi: delegationManagerAbi } as const;
  const [operator, [strategies, depositShares], [withdrawals, shares], delay] = await Promise.all([
    delegatedTo({ core, staker }, client),
    view(client, { ...dm, functionName: "getDepositedShares", args: [staker] }),
    view(client, { ...dm, functionName: "getQueuedWithdrawals", args: [staker] }),
    view(client, { ...dm, functionName: "minWithdrawalDelayBlocks" }),
  ]);
  const [withdrawableShares] = await view(client, {
    ...dm,
    functionName: "getWithdrawableShares",
    args: [staker, strategies],
  });
  const deposits = await Promise.all(
    strategies.map(async (strategy, i) => {
      const withdrawable = withdrawableShares[i] ?? 0n;
      const [token, amount] = await Promise.all([tokenOf(strategy, client), amountOf(strategy, withdrawable, client)]);
      return {
        ...{ strategy, token, depositShares: depositShares[i] ?? 0n },
        ...{ withdrawableShares: withdrawable, withdrawable: amount },
      };
    }),
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

export async function tokenOf(strategy: Address, client: AnyClient): Promise<Address> {
  if (isAddressEqual(strategy, NATIVE_ETHER)) return NATIVE_ETHER;
  return view(client, { address: strategy, abi: strategyAbi, functionName: "underlyingToken" });
}

/** What shares of a strategy are worth in its token, now. */
export async function amountOf(strategy: Address, shares: bigint, client: AnyClient): Promise<bigint> {
  if (isAddressEqual(strategy, NATIVE_ETHER)) return shares;
  return view(client, { address: strategy, abi: strategyAbi, functionName: "sharesToUnderlyingView", args: [shares] });
}

async function delegatedTo({ core, staker }: Of, client: AnyClient): Promise<Address | null> {
  const dm = { address: core.delegationManager, abi: delegationManagerAbi } as const;
  const operator = await view(client, { ...dm, functionName: "delegatedTo", args: [staker] });
  return operator === zeroAddress ? null : operator;
}

function delegation(core: Of["core"], label: string, functionName: string, args: readonly unknown[]): Call {
  return { label, address: core.delegationManager, abi: delegationManagerAbi, functionName, args };
}
