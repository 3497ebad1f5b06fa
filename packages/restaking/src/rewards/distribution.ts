import { type Address, getAddress, type PublicClient } from "viem";
import { operatorSet, type ServiceContext } from "../clients/sets.ts";
import { abiOf } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { findLogs } from "../logs.ts";
import { type Call, read } from "../transaction.ts";
import { DistributionTree, type Earnings, type RewardsClaim } from "./merkle.ts";

/**
 * How the development core's rewards are paid. EigenLayer computes its distribution off chain and trusts an updater
 * with the root; on a development chain there is nobody to do so, so whoever holds the updater's key runs this, and
 * earners check it by computing it again. Simpler than EigenLayer's in one thing: stakers share an operator's reward by
 * the shares that they hold at the root's time, not over the submission's.
 */

interface Submission {
  readonly operatorSet: { readonly avs: Address; readonly id: number };
  readonly operatorDirectedRewardsSubmission: {
    readonly strategiesAndMultipliers: readonly { readonly strategy: Address; readonly multiplier: bigint }[];
    readonly token: Address;
    readonly operatorRewards: readonly { readonly operator: Address; readonly amount: bigint }[];
  };
}

interface SharesChange {
  readonly operator: Address;
  readonly staker: Address;
  readonly strategy: Address;
  readonly shares: bigint;
}

const BIPS = 10_000n;

/** What everybody has earned by the service's submissions up to an L1 block, and how it is split. */
export async function earningsAt(
  context: ServiceContext,
  toBlock: bigint,
  publicClient: PublicClient,
): Promise<Earnings> {
  const { core, suite } = context;
  const range = { fromBlock: 0n, toBlock };
  const [submissions, changes] = await Promise.all([
    findLogs<Submission>(
      {
        ...range,
        address: core.rewardsCoordinator,
        abi: abiOf("RewardsCoordinator"),
        events: ["OperatorDirectedOperatorSetRewardsSubmissionCreated"],
      },
      publicClient,
    ),
    findLogs<SharesChange>(
      {
        ...range,
        address: core.delegationManager,
        abi: abiOf("DelegationManager"),
        events: ["OperatorSharesIncreased", "OperatorSharesDecreased"],
      },
      publicClient,
    ),
  ]);
  const shares = new Map<string, bigint>();
  const stakers = new Map<Address, Set<Address>>();
  for (const { eventName, args } of changes) {
    const key = `${args.operator}${args.staker}${args.strategy}`;
    const change = eventName === "OperatorSharesIncreased" ? args.shares : -args.shares;
    shares.set(key, (shares.get(key) ?? 0n) + change);
    const list = stakers.get(args.operator) ?? new Set();
    stakers.set(args.operator, list.add(args.staker));
  }
  const earnings = new Map<Address, Map<Address, bigint>>();
  const earn = (earner: Address, token: Address, amount: bigint) => {
    if (amount === 0n) return;
    const tokens = earnings.get(earner) ?? new Map<Address, bigint>();
    earnings.set(earner, tokens.set(token, (tokens.get(token) ?? 0n) + amount));
  };
  const splits = new Map<Address, bigint>();
  for (const { args } of submissions) {
    if (args.operatorSet.avs !== suite.registrar) continue;
    const { token, operatorRewards, strategiesAndMultipliers } = args.operatorDirectedRewardsSubmission;
    for (const { operator, amount } of operatorRewards) {
      let split = splits.get(operator);
      if (split === undefined) {
        split = await splitOf(context, operator, toBlock, publicClient);
        splits.set(operator, split);
      }
      const weights = [...(stakers.get(operator) ?? [])].map((staker) => {
        const weight = strategiesAndMultipliers.reduce(
          (sum, { strategy, multiplier }) => sum + (shares.get(`${operator}${staker}${strategy}`) ?? 0n) * multiplier,
          0n,
        );
        return [staker, weight] as const;
      });
      const total = weights.reduce((sum, [, weight]) => sum + weight, 0n);
      const shared = total === 0n ? 0n : amount - (amount * split) / BIPS;
      let paid = 0n;
      for (const [staker, weight] of weights) {
        const part = total === 0n ? 0n : (shared * weight) / total;
        earn(staker, token, part);
        paid += part;
      }
      // What rounding leaves goes with the operator's part.
      earn(operator, token, amount - paid);
    }
  }
  return earnings;
}

async function splitOf(context: ServiceContext, operator: Address, blockNumber: bigint, publicClient: PublicClient) {
  const bips = (await publicClient.readContract({
    address: context.core.rewardsCoordinator,
    abi: abiOf("RewardsCoordinator"),
    functionName: "getOperatorSetSplit",
    args: [operator, operatorSet(context)],
    blockNumber,
  })) as number;
  return BigInt(bips);
}

/** The updater's call: the root of all that was earned up to now. None where nothing was, or nothing changed. */
export async function submitRootCalls(context: ServiceContext, publicClient: PublicClient): Promise<Call[]> {
  const address = context.core.rewardsCoordinator;
  const abi = abiOf("RewardsCoordinator");
  // As of the head's parent: a root's time has to be over, and a simulation runs at the head's.
  const { parentHash } = await publicClient.getBlock();
  const head = await publicClient.getBlock({ blockHash: parentHash });
  const earnings = await earningsAt(context, head.number, publicClient);
  if (earnings.size === 0) return [];
  const { root } = new DistributionTree(earnings);
  const count = await read<bigint>(publicClient, address, abi, "getDistributionRootsLength");
  if (count > 0n) {
    const last = await read<{ root: string }>(publicClient, address, abi, "getCurrentDistributionRoot");
    if (last.root === root) return [];
  }
  const args = [root, Number(head.timestamp)];
  return [{ label: "submit the rewards root", address, abi, functionName: "submitRoot", args }];
}

/** An earner's claim under the newest root that is in force, computed again from the chain; undefined for nothing. */
export async function claimOf(
  context: ServiceContext & { readonly earner: Address },
  publicClient: PublicClient,
): Promise<RewardsClaim | undefined> {
  const earner = getAddress(context.earner);
  const address = context.core.rewardsCoordinator;
  const rc = <T>(functionName: string, args: readonly unknown[] = []) =>
    read<T>(publicClient, address, abiOf("RewardsCoordinator"), functionName, args);
  const count = Number(await rc<bigint>("getDistributionRootsLength"));
  const { timestamp: now } = await publicClient.getBlock();
  for (let index = count - 1; index >= 0; index--) {
    const root = await rc<{
      root: string;
      rewardsCalculationEndTimestamp: number;
      activatedAt: number;
      disabled: boolean;
    }>("getDistributionRootAtIndex", [BigInt(index)]);
    if (root.disabled || BigInt(root.activatedAt) > now) continue;
    const block = await lastBlockUntil(BigInt(root.rewardsCalculationEndTimestamp), publicClient);
    const tree = new DistributionTree(await earningsAt(context, block, publicClient));
    if (tree.root !== root.root) {
      throw new RestakingError(
        "NOT_FOUND",
        "the root in force is not what this chain's submissions give: bring the claim of who made it (--proof)",
        { expected: root.root, computed: tree.root },
      );
    }
    return tree.claim(earner, index);
  }
  return undefined;
}

/** Claims what has been earned and not been claimed. None where there is nothing. */
export async function claimCalls(
  context: ServiceContext & { readonly earner: Address; readonly recipient: Address; readonly claim?: RewardsClaim },
  publicClient: PublicClient,
): Promise<Call[]> {
  const claim = context.claim ?? (await claimOf(context, publicClient));
  if (claim === undefined) return [];
  const address = context.core.rewardsCoordinator;
  const abi = abiOf("RewardsCoordinator");
  const { earner } = claim.earnerLeaf;
  const open = await Promise.all(
    claim.tokenLeaves.map(async ({ token, cumulativeEarnings }) => {
      const claimed = await read<bigint>(publicClient, address, abi, "cumulativeClaimed", [earner, token]);
      return cumulativeEarnings > claimed;
    }),
  );
  if (!open.includes(true)) return [];
  const due = <T>(list: readonly T[]) => list.filter((_, i) => open[i]);
  const claimed = {
    ...claim,
    tokenIndices: due(claim.tokenIndices),
    tokenTreeProofs: due(claim.tokenTreeProofs),
    tokenLeaves: due(claim.tokenLeaves),
  };
  return [{ label: "claim rewards", address, abi, functionName: "processClaim", args: [claimed, context.recipient] }];
}

/** The newest block of at most this timestamp. */
async function lastBlockUntil(timestamp: bigint, publicClient: PublicClient): Promise<bigint> {
  let low = 0n;
  let high = await publicClient.getBlockNumber({ cacheTime: 0 });
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    const block = await publicClient.getBlock({ blockNumber: middle });
    if (block.timestamp <= timestamp) low = middle;
    else high = middle - 1n;
  }
  return low;
}
