import { EIP1559_DEFAULTS } from "@altlayer/deployer";
import { encodeFunctionData, parseAbi } from "viem";
import type { Change } from "../core/plan.ts";
import { problemOf } from "../errors.ts";
import type { Network, Networks } from "../networks.ts";
import type { SpecProblem } from "../spec/parse.ts";
import { invalid } from "../spec/parse.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import {
  type ForkChange,
  type ForkState,
  forkChanges,
  forkProblems,
  forkState,
  isActive,
  LEAD_SECONDS,
  timeProblems,
  titleOf,
} from "./schedule.ts";

const SYSTEM_CONFIG = parseAbi(["function eip1559Denominator() view returns (uint32)"]);

export interface ForkPlan {
  /** Of the changed times, in the order of the forks. */
  readonly changes: readonly ForkChange[];
  /** What has to be done for them, by whom. */
  readonly actions: readonly { readonly kind: string; readonly title: string }[];
}

const clockOf = ({ clockOffsetMs }: Network, nowMs: number): number => (nowMs + clockOffsetMs) / 1_000;
const leadOf = ({ development }: Network): number => LEAD_SECONDS[development ? "development" : "live"];

/** Where the rollup stands among the forks, by its settlement network's clock. */
export function forkStateOf(spec: RollupSpec, network: Network, nowMs: number): ForkState {
  return forkState(spec.forks, { nowSeconds: clockOf(network, nowMs), leadSeconds: leadOf(network) });
}

/** What is wrong with a schedule in itself. @returns problems by field, none where it can be */
export function scheduleProblems(
  { forks, execution }: RollupSpec,
  network: Network,
  nowMs: number,
): readonly SpecProblem[] {
  const problems: SpecProblem[] = [...forkProblems(forks)];
  const { denominator, elasticity } = execution.baseFee;
  const standard = denominator === EIP1559_DEFAULTS.denominatorCanyon && elasticity === EIP1559_DEFAULTS.elasticity;
  // Before Holocene the chain's constants hold, and what the owner sets is not even recorded in its blocks.
  if (!standard && !isActive(forks, "holocene", clockOf(network, nowMs))) {
    const { denominatorCanyon } = EIP1559_DEFAULTS;
    problems.push({
      path: denominator === denominatorCanyon ? "execution.baseFee.elasticity" : "execution.baseFee.denominator",
      message: `can differ from ${denominatorCanyon} and ${EIP1559_DEFAULTS.elasticity} once Holocene is active`,
    });
  }
  return problems;
}

/** Of a rollup that is not launched yet: its times must lie ahead. @throws RaasError `SPEC_INVALID` */
export function requireNewSchedule({ forks }: RollupSpec, network: Network, nowMs: number): void {
  const times = { nowSeconds: clockOf(network, nowMs), leadSeconds: 0 };
  const problems = timeProblems(forkChanges({ genesis: forks.genesis }, forks, { ...times, missed: false }), times);
  if (problems.length > 0) throw invalid(problems);
}

/**
 * What a changed schedule does, and whether it can be made.
 * @throws RaasError `SPEC_INVALID` for times that are past or too near; `NETWORK_UNREACHABLE`
 */
export async function planForks(
  rollup: RollupRecord,
  specs: { readonly before: RollupSpec; readonly after: RollupSpec },
  {
    network,
    networks,
    systemConfig,
    nowMs,
  }: {
    readonly network: Network;
    readonly networks: Networks;
    /** Null before the contracts are there. */
    readonly systemConfig: Hex | null;
    readonly nowMs: number;
  },
): Promise<ForkPlan> {
  const { before, after } = specs;
  const leadSeconds = leadOf(network);
  const missed = rollup.problem?.code === "FORK_SCHEDULE_CONFLICT";
  const none = forkChanges(before.forks, after.forks, { nowSeconds: 0, leadSeconds: 0, missed: true });
  if (none.length === 0) return { changes: [], actions: [] };
  // Derivation goes by the L1's timestamps, which may be ahead of the clock.
  const { timestamp } = await networks.request<{ timestamp: Hex }>(network.id, "eth_getBlockByNumber", [
    "latest",
    false,
  ]);
  const nowSeconds = Math.max(clockOf(network, nowMs), Number(timestamp));
  let changes = forkChanges(before.forks, after.forks, { nowSeconds, leadSeconds, missed });
  const possible = changes.filter(({ refusal }) => refusal === null);
  const problems = timeProblems(possible, { nowSeconds, leadSeconds });
  if (problems.length > 0) throw invalid(problems);
  const holocene = possible.some(({ fork, to }) => fork === "holocene" && to !== undefined);
  if (holocene && systemConfig !== null) {
    const refusal = await reasonNotCarried(systemConfig, network, networks);
    if (refusal !== null) changes = changes.map((each) => (each.fork === "holocene" ? { ...each, refusal } : each));
  }
  return { changes, actions: actionsOf(changes, rollup, network) };
}

/** Holocene reads the base fee's parameters from the SystemConfig: an older one has none. */
async function reasonNotCarried(systemConfig: Hex, network: Network, networks: Networks): Promise<string | null> {
  const data = encodeFunctionData({ abi: SYSTEM_CONFIG });
  try {
    const answer = await networks.request<Hex>(network.id, "eth_call", [{ to: systemConfig, data }, "latest"]);
    if (answer !== "0x") return null;
  } catch (error) {
    if (problemOf(error).code !== "UPSTREAM") throw error;
  }
  return "the SystemConfig on the settlement network is older than Holocene (it has no eip1559Denominator): its owner has to upgrade it first";
}

/** Notes of the plan's changed fields, and refusals, which turn a field into one that cannot change. */
export function withForks(changes: readonly Change[], { changes: forks }: ForkPlan): readonly Change[] {
  return changes.map((change) => {
    const fork = forks.find((each) => change.path === `forks.${each.fork}`);
    if (fork === undefined) return change;
    if (fork.refusal !== null)
      return { ...change, change: "never", effect: "none", note: `${sentence(fork.refusal)}.` };
    return { ...change, note: noteOf(fork) };
  });
}

function noteOf({ fork, to }: ForkChange): string {
  if (to === undefined)
    return `${titleOf(fork)} is not scheduled any more. Nodes elsewhere that were told the time must be told again.`;
  const fees =
    fork === "holocene"
      ? " The base fee's parameters stay 250 and 6 until the owner sets others, which has an effect only after the activation."
      : "";
  return `${titleOf(fork)} holds from the first block at or after ${to}. Until shortly before it can be moved or taken back, afterwards never. Nodes elsewhere (followers, operators, exchanges) that do not have the new rollup.json and genesis.json by then leave the chain there. Balances, contracts, and withdrawals that are under way stay as they are.${fees}`;
}

function actionsOf(changes: readonly ForkChange[], rollup: RollupRecord, network: Network): ForkPlan["actions"] {
  const scheduled = changes.filter(({ to, refusal }) => to !== undefined && refusal === null);
  if (scheduled.length === 0) return [];
  return [
    { kind: "rehearse", title: `Rehearse it first on an isolated copy (altlayer drill ${rollup.name} upgrade)` },
    {
      kind: "files",
      title: `Give everybody who runs a node the new rollup.json and genesis.json before the time (altlayer chain-files ${rollup.name})`,
    },
    ...scheduled.map(({ fork, to }) => ({ kind: "activate", title: `${titleOf(fork)} activates at ${to}` })),
    ...(network.development
      ? []
      : [
          {
            kind: "prestate",
            title:
              "The program that decides disputes was built for the old schedule: before a dispute over later blocks, the owner has to set a game with the new one's absolute prestate",
          },
        ]),
  ];
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
