import { type Address, getAddress, isAddressEqual, zeroAddress } from "viem";
import { getBlock, getBlockNumber, readContract } from "viem/actions";
import { SdkError } from "../../errors.ts";
import type { AnyClient } from "../../rpc/call.ts";
import { type Call, view } from "../call.ts";
import { delegationManagerAbi } from "../generated/delegation-manager.ts";
import { machRewardsAbi } from "../generated/mach-rewards.ts";
import { rewardsCoordinatorAbi } from "../generated/rewards-coordinator.ts";
import { findLogs } from "../logs.ts";
import type { ServiceContext } from "../sets.ts";
import { DistributionTree, type Earnings, type RewardsClaim } from "./merkle.ts";

/**
 * How the development core's rewards are paid. EigenLayer computes its distribution off chain and trusts an updater
 * with the root; on a development chain there is nobody to do so, so whoever holds the updater's key runs this, and
 * earners check it by computing it again. A root replaces the one before it, and what was claimed counts by earner and
 * token whoever paid: so a root is always of all services of the core, as EigenLayer's are. Simpler than those in two
 * things: stakers share an operator's reward by the shares that they hold at the root's time, not over the submission's,
 * and submissions that are directed to no operators (`createUniqueStakeRewardsSubmission` and its sister) pay nobody.
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

type OfCore = Pick<ServiceContext, "core">;

const BIPS = 10_000n;
/** Blocks whose events are gone through at most: a public L1 has more, and roots that we cannot compute anyway. */
const SCANNED_MAX = 1_000_000n;

/** What everybody has earned by all services' submissions to a core up to an L1 block, and how it is split. */
export async function earningsAt(context: OfCore, toBlock: bigint, client: AnyClient): Promise<Earnings> {
  const { core } = context;
  const range = { fromBlock: 0n, toBlock };
  const [submissions, changes] = await Promise.all([
    findLogs<Submission>(
      {
        ...range,
        address: core.rewardsCoordinator,
        abi: rewardsCoordinatorAbi,
        events: ["OperatorDirectedOperatorSetRewardsSubmissionCreated"],
      },
      client,
    ),
    findLogs<SharesChange>(
      {
        ...range,
        address: core.delegationManager,
        abi: delegationManagerAbi,
        events: ["OperatorSharesIncreased", "OperatorSharesDecreased"],
      },
      client,
    ),
  ]);
  const held = heldShares(changes);
  const earnings = new Map<Address, Map<Address, bigint>>();
  const earn = (earner: Address, token: Address, amount: bigint) => {
    if (amount === 0n) return;
    const tokens = earnings.get(earner) ?? new Map<Address, bigint>();
    earnings.set(earner, tokens.set(token, (tokens.get(token) ?? 0n) + amount));
  };
  const splits = new Map<string, bigint>();
  for (const { args } of submissions) {
    const { operatorSet: set, operatorDirectedRewardsSubmission: submission } = args;
    const { token, operatorRewards, strategiesAndMultipliers } = submission;
    for (const { operator, amount } of operatorRewards) {
      const key = `${operator}${set.avs}${set.id}`;
      let split = splits.get(key);
      if (split === undefined) {
        split = await splitOf(context, { operator, set, blockNumber: toBlock }, client);
        splits.set(key, split);
      }
      const behind = held.get(operator) ?? new Map<Address, Map<Address, bigint>>();
      const weights = [...stakersOf(behind)].map((staker) => {
        const weight = strategiesAndMultipliers.reduce(
          (sum, { strategy, multiplier }) => sum + (behind.get(strategy)?.get(staker) ?? 0n) * multiplier,
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

/** Who stands behind an operator, by strategy and staker. */
type Held = Map<Address, Map<Address, bigint>>;

/**
 * Shares by operator, strategy and staker, of the core's events in order. A slash takes from nobody by name (the staker of
 * its event is the zero address) and from all alike; who comes later has not been slashed.
 */
function heldShares(
  changes: readonly { readonly eventName: string; readonly args: SharesChange }[],
): Map<Address, Held> {
  const held = new Map<Address, Held>();
  for (const { eventName, args } of changes) {
    const { operator, strategy, staker, shares } = args;
    const strategies: Held = held.get(operator) ?? new Map();
    held.set(operator, strategies);
    const stakers = strategies.get(strategy) ?? new Map<Address, bigint>();
    strategies.set(strategy, stakers);
    if (staker === zeroAddress) {
      const all = [...stakers.values()].reduce((sum, each) => sum + each, 0n);
      const left = all > shares ? all - shares : 0n;
      for (const [each, before] of stakers) stakers.set(each, all === 0n ? 0n : (before * left) / all);
      continue;
    }
    const before = stakers.get(staker) ?? 0n;
    // The core rounds by itself: a wei more may be taken out than is left here.
    const after = eventName === "OperatorSharesIncreased" ? before + shares : before - shares;
    stakers.set(staker, after > 0n ? after : 0n);
  }
  return held;
}

function stakersOf(behind: Held): Set<Address> {
  return new Set([...behind.values()].flatMap((stakers) => [...stakers.keys()]));
}

async function splitOf(
  { core }: OfCore,
  { operator, set, blockNumber }: { operator: Address; set: Submission["operatorSet"]; blockNumber: bigint },
  client: AnyClient,
) {
  const bips = await readContract(client, {
    address: core.rewardsCoordinator,
    abi: rewardsCoordinatorAbi,
    functionName: "getOperatorSetSplit",
    args: [operator, set],
    blockNumber,
  });
  return BigInt(bips);
}

/** The updater's call: the root of all that anybody earned up to now. None where nothing was, or nothing changed. */
export async function submitRootCalls(context: OfCore, client: AnyClient): Promise<Call[]> {
  const rc = { address: context.core.rewardsCoordinator, abi: rewardsCoordinatorAbi } as const;
  // As of the head's parent: a root's time has to be over, and a simulation runs at the head's.
  const { parentHash } = await getBlock(client);
  const head = await getBlock(client, { blockHash: parentHash });
  const earnings = await earningsAt(context, head.number, client);
  if (earnings.size === 0) return [];
  const { root } = new DistributionTree(earnings);
  if ((await view(client, { ...rc, functionName: "getDistributionRootsLength" })) > 0n) {
    const last = await view(client, { ...rc, functionName: "getCurrentDistributionRoot" });
    if (last.root === root) return [];
  }
  return [
    { label: "submit the rewards root", ...rc, functionName: "submitRoot", args: [root, Number(head.timestamp)] },
  ];
}

/**
 * An earner's claim under the newest root that is in force, computed again from the chain; undefined for nothing.
 * @throws SdkError `CLAIM_NEEDED` where the root is somebody else's: EigenLayer's updater makes roots of all AVSs
 */
export async function claimOf(
  context: OfCore & { readonly earner: Address },
  client: AnyClient,
): Promise<RewardsClaim | undefined> {
  const earner = getAddress(context.earner);
  const rc = { address: context.core.rewardsCoordinator, abi: rewardsCoordinatorAbi } as const;
  const [count, { timestamp: now }] = await Promise.all([
    view(client, { ...rc, functionName: "getDistributionRootsLength" }),
    getBlock(client),
  ]);
  for (let index = count - 1n; index >= 0n; index--) {
    const root = await view(client, { ...rc, functionName: "getDistributionRootAtIndex", args: [index] });
    if (root.disabled || BigInt(root.activatedAt) > now) continue;
    const block = await lastBlockUntil(BigInt(root.rewardsCalculationEndTimestamp), client);
    if (block > SCANNED_MAX) {
      throw new SdkError("CLAIM_NEEDED", "this L1 is too long to compute rewards here: bring the claim", { block });
    }
    const tree = new DistributionTree(await earningsAt(context, block, client));
    if (tree.root !== root.root) {
      throw new SdkError(
        "CLAIM_NEEDED",
        "the root in force is not what this chain's submissions give: bring the claim of who made it",
        { expected: root.root, computed: tree.root },
      );
    }
    return tree.claim(earner, Number(index));
  }
  return undefined;
}

/** What of a claim has not been claimed, by token. */
export async function claimableOf(
  context: OfCore,
  claim: RewardsClaim,
  client: AnyClient,
): Promise<readonly { readonly token: Address; readonly amount: bigint }[]> {
  const rc = { address: context.core.rewardsCoordinator, abi: rewardsCoordinatorAbi } as const;
  return Promise.all(
    claim.tokenLeaves.map(async ({ token, cumulativeEarnings }) => {
      const args = [claim.earnerLeaf.earner, token] as const;
      const claimed = await view(client, { ...rc, functionName: "cumulativeClaimed", args });
      return { token, amount: cumulativeEarnings > claimed ? cumulativeEarnings - claimed : 0n };
    }),
  );
}

/**
 * Claims what has been earned and not been claimed. None where there is nothing. What is computed here is claimed in the
 * service's own token: others are paid by whoever likes, and one that refuses to move would take the whole claim with it.
 * @param context.claim from whoever made the root, with all its tokens; computed from the chain unless given.
 * @throws SdkError as `claimOf`
 */
export async function claimCalls(
  context: ServiceContext & { readonly earner: Address; readonly recipient: Address; readonly claim?: RewardsClaim },
  client: AnyClient,
): Promise<Call[]> {
  const claim = context.claim ?? (await claimOf(context, client));
  if (claim === undefined) return [];
  const own =
    context.claim === undefined
      ? await view(client, { address: context.suite.rewards, abi: machRewardsAbi, functionName: "token" })
      : undefined;
  const open = (await claimableOf(context, claim, client)).map(
    ({ token, amount }) => amount > 0n && (own === undefined || isAddressEqual(token, own)),
  );
  if (!open.includes(true)) return [];
  const due = <T>(list: readonly T[]) => list.filter((_, i) => open[i]);
  const claimed = {
    ...claim,
    tokenIndices: due(claim.tokenIndices),
    tokenTreeProofs: due(claim.tokenTreeProofs),
    tokenLeaves: due(claim.tokenLeaves),
  };
  const rc = { address: context.core.rewardsCoordinator, abi: rewardsCoordinatorAbi };
  return [{ label: "claim rewards", ...rc, functionName: "processClaim", args: [claimed, context.recipient] }];
}

/** The newest block of at most this timestamp. */
async function lastBlockUntil(timestamp: bigint, client: AnyClient): Promise<bigint> {
  let low = 0n;
  let high = await getBlockNumber(client, { cacheTime: 0 });
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    const block = await getBlock(client, { blockNumber: middle });
    if (block.timestamp <= timestamp) low = middle;
    else high = middle - 1n;
  }
  return low;
}
