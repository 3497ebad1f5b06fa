/** Which forks a rollup has, and which change of their times can be the truth. Pure: the clock comes in. */

/** Forks that a chain may begin with, oldest first: those whose state the genesis is built of. */
export const GENESIS_FORKS = ["fjord", "granite", "holocene"] as const;
export type GenesisFork = (typeof GENESIS_FORKS)[number];
/** Those that a running chain can be upgraded to. Neither needs upgrade transactions (OP Stack specification). */
export const UPGRADES = ["granite", "holocene"] as const;
export type Upgrade = (typeof UPGRADES)[number];

/** As the spec has it: times are ISO 8601 to the second, UTC. */
export interface ForkWishes {
  readonly genesis: GenesisFork;
  readonly granite?: string | undefined;
  readonly holocene?: string | undefined;
}

/** Until then a restart and the word to others must have had the time to get around. */
export const LEAD_SECONDS = { development: 15, live: 300 } as const;

export interface ForkProblem {
  readonly path: `forks.${Upgrade}`;
  readonly message: string;
}

export const secondsOf = (iso: string): number => Date.parse(iso) / 1_000;
export const isoOf = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;

/** Activation times in seconds of what is scheduled after the genesis' fork. */
export function laterForksOf(wishes: ForkWishes): Readonly<Partial<Record<Upgrade, number>>> {
  return Object.fromEntries(
    UPGRADES.flatMap((fork) => (wishes[fork] === undefined ? [] : [[fork, secondsOf(wishes[fork])]])),
  );
}

const atGenesis = ({ genesis }: ForkWishes, fork: GenesisFork): boolean =>
  GENESIS_FORKS.indexOf(fork) <= GENESIS_FORKS.indexOf(genesis);

/** Whether the fork's rules hold in a block of that time. */
export const isActive = (wishes: ForkWishes, fork: Upgrade, atSeconds: number): boolean =>
  atGenesis(wishes, fork) || (wishes[fork] !== undefined && secondsOf(wishes[fork]) <= atSeconds);

/** What of a schedule cannot be, whenever it is asked. */
export function forkProblems(wishes: ForkWishes): readonly ForkProblem[] {
  const problems: ForkProblem[] = [];
  for (const fork of UPGRADES) {
    if (wishes[fork] !== undefined && atGenesis(wishes, fork)) {
      problems.push({ path: `forks.${fork}`, message: `holds from the genesis on (${wishes.genesis}): give no time` });
    }
  }
  const { granite, holocene } = wishes;
  if (holocene === undefined || problems.length > 0 || atGenesis(wishes, "granite")) return problems;
  if (granite === undefined || secondsOf(granite) > secondsOf(holocene)) {
    problems.push({
      path: "forks.holocene",
      message: "needs Granite, before it or at the same time: give forks.granite a time",
    });
  }
  return problems;
}

export interface ForkChange {
  readonly fork: Upgrade;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Why it cannot be made any more; null where it can. */
  readonly refusal: string | null;
}

/**
 * The forks whose times differ. A fork that is active, or about to be, keeps its time: blocks were made by it.
 * @param options.nowSeconds of the settlement network, whose timestamps decide
 * @param options.missed the node says that the chain has passed the schedule's time without it: that never came true
 */
export function forkChanges(
  before: ForkWishes,
  after: ForkWishes,
  {
    nowSeconds,
    leadSeconds,
    missed,
  }: { readonly nowSeconds: number; readonly leadSeconds: number; readonly missed: boolean },
): readonly ForkChange[] {
  return UPGRADES.flatMap((fork) => {
    const [from, to] = [before[fork], after[fork]];
    if (from === to) return [];
    const passed = from !== undefined && secondsOf(from) <= nowSeconds;
    const soon = from !== undefined && secondsOf(from) <= nowSeconds + leadSeconds;
    const refusal =
      missed || !soon
        ? null
        : passed
          ? `${titleOf(fork)} is active since ${from}: blocks were made by its rules, and no node can forget them`
          : `${titleOf(fork)} comes at ${from}, within ${leadSeconds} seconds: nobody could be told otherwise in time`;
    return [{ fork, from, to, refusal }];
  });
}

/** Times that are new must lie ahead, far enough for everybody to hear of them. */
export function timeProblems(
  changes: readonly Pick<ForkChange, "fork" | "to">[],
  { nowSeconds, leadSeconds }: { readonly nowSeconds: number; readonly leadSeconds: number },
): readonly ForkProblem[] {
  const earliest = isoOf(nowSeconds + leadSeconds);
  return changes.flatMap(({ fork, to }) =>
    to === undefined || secondsOf(to) >= nowSeconds + leadSeconds
      ? []
      : [
          {
            path: `forks.${fork}` as const,
            message:
              secondsOf(to) <= nowSeconds
                ? `is in the past: a fork is scheduled ahead, at ${earliest} or later`
                : `is too near: every node must have heard of it before, so ${earliest} or later`,
          },
        ],
  );
}

export interface ForkState {
  /** The newest fork whose rules hold. */
  readonly active: GenesisFork;
  readonly scheduled: readonly { readonly fork: Upgrade; readonly at: string }[];
  /** The newest fork that it can be upgraded to; null when there is none above what holds or is scheduled. */
  readonly next: Upgrade | null;
  /** The settlement network's clock, by which times are judged. */
  readonly networkTime: string;
  /** No fork can be scheduled before that. */
  readonly earliest: string;
}

export function forkState(
  wishes: ForkWishes,
  { nowSeconds, leadSeconds }: { readonly nowSeconds: number; readonly leadSeconds: number },
): ForkState {
  const now = Math.floor(nowSeconds);
  const active = UPGRADES.reduce<GenesisFork>(
    (newest, fork) => (isActive(wishes, fork, now) ? fork : newest),
    wishes.genesis,
  );
  const scheduled = UPGRADES.flatMap((fork) => {
    const at = wishes[fork];
    return at === undefined || isActive(wishes, fork, now) ? [] : [{ fork, at }];
  });
  const next = UPGRADES.findLast((fork) => wishes[fork] === undefined && !atGenesis(wishes, fork)) ?? null;
  return { active, scheduled, next, networkTime: isoOf(now), earliest: isoOf(now + leadSeconds) };
}

/** A fork's name as people write it. */
export const titleOf = (fork: string): string => fork.charAt(0).toUpperCase() + fork.slice(1);
