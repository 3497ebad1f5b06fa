import { type Address, erc20Abi, isAddressEqual } from "viem";
import { getBlock } from "viem/actions";
import type { AnyClient } from "../rpc/call.ts";
import { view } from "./call.ts";
import type { StakingService } from "./getStakingService.ts";
import { amountOf, type QueuedWithdrawal, stakerStatus } from "./stake.ts";

/** What an account has in one of the service's strategies. Amounts are in the token's smallest unit. */
export interface StakePosition {
  readonly strategy: Address;
  readonly token: Address;
  readonly symbol: string;
  readonly decimals: number;
  readonly class: number;
  /** Held in the wallet: what could be deposited. */
  readonly balance: bigint;
  readonly depositShares: bigint;
  /** Deposited, after slashes. */
  readonly deposited: bigint;
}

export interface WaitingWithdrawal extends QueuedWithdrawal {
  /** What is paid out if nothing is slashed until then, by strategy of the withdrawal. */
  readonly amounts: readonly bigint[];
  /** L1 blocks until it can be completed; 0 for now. */
  readonly blocksLeft: number;
  /** The same in seconds, at the pace of the L1's last blocks. */
  readonly secondsLeft: number;
}

export interface Stake {
  readonly staker: Address;
  /** Null: to nobody. An operator delegates to itself. */
  readonly delegatedTo: Address | null;
  readonly positions: readonly StakePosition[];
  readonly withdrawals: readonly WaitingWithdrawal[];
  /** L1 blocks that a withdrawal waits, slashable. */
  readonly withdrawalDelay: number;
  readonly l1Block: number;
}

/** Blocks whose pace is taken. */
const PACE_BLOCKS = 64n;

/**
 * The stake of an account: the service's tokens that it holds and has deposited, whom it delegates to, and its
 * withdrawals with the time that is left.
 * @throws viem's errors
 */
export async function getStake(
  client: AnyClient,
  { service, staker }: { readonly service: StakingService; readonly staker: Address },
): Promise<Stake> {
  const [status, head, balances] = await Promise.all([
    stakerStatus({ core: service.core, staker }, client),
    getBlock(client),
    Promise.all(
      service.strategies.map(({ token: address }) =>
        view(client, { address, abi: erc20Abi, functionName: "balanceOf", args: [staker] }),
      ),
    ),
  ]);
  const back = head.number < PACE_BLOCKS ? head.number : PACE_BLOCKS;
  const before = status.withdrawals.length === 0 ? head : await getBlock(client, { blockNumber: head.number - back });
  const pace = back === 0n ? 0 : Number(head.timestamp - before.timestamp) / Number(back);
  const positions = service.strategies.map(({ strategy, token, symbol, decimals, class: class_ }, i) => {
    const held = status.deposits.find((deposit) => isAddressEqual(deposit.strategy, strategy));
    const amounts = { depositShares: held?.depositShares ?? 0n, deposited: held?.withdrawable ?? 0n };
    return { strategy, token, symbol, decimals, class: class_, balance: balances[i] ?? 0n, ...amounts };
  });
  const withdrawals = await Promise.all(
    status.withdrawals.map(async (queued) => {
      const blocksLeft = Math.max(0, queued.completableAt - Number(head.number));
      const amounts = await Promise.all(
        queued.withdrawal.strategies.map((strategy, i) => amountOf(strategy, queued.shares[i] ?? 0n, client)),
      );
      return { ...queued, amounts, blocksLeft, secondsLeft: blocksLeft * pace };
    }),
  );
  const { delegatedTo, withdrawalDelay } = status;
  return { staker, delegatedTo, positions, withdrawals, withdrawalDelay, l1Block: Number(head.number) };
}
