import { type Address, encodePacked, keccak256 } from "viem";

/** What a keeper knows of a service at an L1 head. */
export interface Upkeep {
  readonly head: number;
  readonly startBlock: number;
  readonly epochLength: number;
  readonly certificateAge: number;
  /** L1 blocks that a weight is good for. */
  readonly life: number;
  /** Recent epochs whose block is over, without a commitment. */
  readonly uncommitted: readonly number[];
  /** Whoever has weight. */
  readonly members: readonly { readonly operator: Address; readonly expiry: number }[];
  /** Convicted, and not slashed or not ejected yet. */
  readonly convicted: readonly Address[];
  readonly keeper: Address;
  /** Of a keeper that can have reports certified, while there is something to pay with. */
  readonly rewards: {
    readonly nextEpoch: number;
    /** Epochs that are paid by one transaction. */
    readonly reportEpochs: number;
    /** L1 blocks by which origins lag the epoch that their messages are of. */
    readonly k: number;
  } | null;
}

export type Task =
  | { readonly kind: "commit"; readonly epoch: number }
  | { readonly kind: "refresh"; readonly operators: readonly Address[] }
  | { readonly kind: "sweep"; readonly limit: number }
  | { readonly kind: "slash"; readonly operators: readonly Address[] }
  | { readonly kind: "report"; readonly firstEpoch: number; readonly lastEpoch: number };

/** So many keepers wait one block longer each; the rest waits as long as the last of them. */
const RANKS_MAX = 4;
const REFRESH_PAGE = 16;
/** What fits under EIP-7825's limit. */
export const SLASH_PAGE = 8;
const SWEEP_PAGE = 16;

/**
 * What a keeper does at this head. Every keeper of a service runs this; an order that changes with the epoch says who
 * goes first, and the others find the work done a block later. Doing it twice is harmless.
 *
 * - An epoch without commitment has no certificates: it is committed from the block after its own on.
 * - Expired weight that was not swept makes an epoch uncommittable: weights are refreshed in the last half of their
 *   life (one's own) or quarter (everybody's), and what has expired is swept.
 * - Convictions are slashed as soon as the core lets us.
 * - Who took part is reported once enough epochs are over, and their late signatures are in.
 */
export function planUpkeep(upkeep: Upkeep): Task[] {
  const { head, members, life, keeper } = upkeep;
  const epoch = Math.max(0, Math.floor((head - upkeep.startBlock) / upkeep.epochLength));
  const rank = rankOf(keeper, members, epoch);
  const tasks: Task[] = [];
  if (upkeep.convicted.length > 0) tasks.push({ kind: "slash", operators: upkeep.convicted.slice(0, SLASH_PAGE) });
  if (members.some(({ expiry }) => expiry + rank < head)) tasks.push({ kind: "sweep", limit: SWEEP_PAGE });
  const mine = head + life / 2;
  const anybodys = head + life / 4 - rank;
  const due = members
    .filter(({ operator, expiry }) => expiry >= head && expiry < (operator === keeper ? mine : anybodys))
    .map(({ operator }) => operator);
  if (due.length > 0) tasks.push({ kind: "refresh", operators: due.slice(0, REFRESH_PAGE) });
  for (const each of upkeep.uncommitted) {
    const block = upkeep.startBlock + each * upkeep.epochLength;
    if (block + rank < head && head <= block + upkeep.certificateAge) tasks.push({ kind: "commit", epoch: each });
  }
  const { rewards } = upkeep;
  if (rewards) {
    // Blocks of an epoch have origins up to K behind the next one's; another epoch for those that lag.
    const lastEpoch = Math.floor((head - rank - 1 - upkeep.startBlock - rewards.k) / upkeep.epochLength) - 2;
    if (lastEpoch - rewards.nextEpoch + 1 >= rewards.reportEpochs) {
      tasks.push({ kind: "report", firstEpoch: rewards.nextEpoch, lastEpoch });
    }
  }
  return tasks;
}

/** The keeper's place in the epoch's order of the members. Who is no member was started for this, and does not wait. */
function rankOf(keeper: Address, members: Upkeep["members"], epoch: number): number {
  const order = (operator: Address) => keccak256(encodePacked(["uint64", "address"], [BigInt(epoch), operator]));
  const mine = order(keeper);
  if (!members.some(({ operator }) => operator === keeper)) return 0;
  return Math.min(RANKS_MAX, members.filter(({ operator }) => order(operator) < mine).length);
}
