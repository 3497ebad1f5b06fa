import { isQuorum, type Keccak256, MachDigests, ZERO_HASH } from "@altlayer/protocol";
import { startOperator, stepOperator } from "../core/operator.ts";
import { SIGNING_RULES } from "../core/signing-rule.ts";
import { ByzantineOperator } from "./byzantine.ts";
import { Chains } from "./chains.ts";
import { driveL1, drivePartitions, driveSequencer } from "./drivers.ts";
import { HonestOperator, type Hooks } from "./honest.ts";
import { checkCertificates, checkHonestOperators, countEvidence, formableCertificates } from "./oracle.ts";
import { Random } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import { drawSettings, type Settings, TIMING } from "./settings.ts";
import { Simulation } from "./simulation.ts";

export interface SimulationReport {
  readonly seed: number;
  readonly settings: Settings;
  /** Equal for two runs of one seed. */
  readonly hash: string;
  /** Faults, obstacles, evidence and certificates that the run reached. */
  readonly counters: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

/** The core as it is. Tests replace parts of it by broken ones. */
export const REAL: Hooks = { step: stepOperator, start: startOperator, context: (context) => context };

const FAULTY_L1_BLOCKS = 16;
/** Enough for a base to pass every tip and the height of every quarantine (MAX_AHEAD after the last start), and for certificates after that. */
const HEALTHY_L1_BLOCKS = 26;
const MAX_EVENTS = 2_000_000;

/** Two phases: faults of all kinds, then none; the first must keep what is promised, the second must go on. */
export function simulate(
  seed: number,
  { keccak256, hooks = REAL }: { readonly keccak256: Keccak256; readonly hooks?: Hooks },
): SimulationReport {
  const random = new Random(seed);
  const settings = drawSettings(random);
  const scheduler = new Scheduler();
  const domain = { l1ChainId: 1, avs: `0x${"a5".repeat(20)}`, operatorSetId: 0, rollupId: ZERO_HASH } as const;
  const digests = new MachDigests(domain, { keccak256 });
  const chains = new Chains(TIMING, { digests, keccak256 });
  const simulation = new Simulation({ random, scheduler, settings, chains, digests, keccak256 });

  const honest: HonestOperator[] = [];
  const byzantine: ByzantineOperator[] = [];
  for (const index of settings.weights.keys()) {
    if (settings.byzantine.has(index)) byzantine.push(new ByzantineOperator(index, { simulation }));
    else {
      const context = { config: simulation.operatorConfig(index), rules: SIGNING_RULES };
      // Two of them aggregate: enough to see the core work, cheap enough for many seeds.
      honest.push(new HonestOperator({ index, aggregates: honest.length < 2, context }, { simulation, hooks }));
    }
  }
  const everybody = [...honest, ...byzantine].sort((a, b) => a.index - b.index);
  for (const operator of everybody) operator.peers = everybody.filter((peer) => peer !== operator);
  for (const operator of honest) operator.start();
  driveL1(simulation, honest);
  driveSequencer(simulation, everybody);
  drivePartitions(simulation, everybody.length);
  driveCrashes(simulation, honest);

  scheduler.runUntil(FAULTY_L1_BLOCKS * TIMING.l1Seconds * 1_000, MAX_EVENTS);
  simulation.healed = true;
  simulation.partition = null;
  const heightWhenHealed = Math.max(...[...chains.blocks.values()].map(({ executed }) => executed.core.height));
  scheduler.runUntil((FAULTY_L1_BLOCKS + HEALTHY_L1_BLOCKS) * TIMING.l1Seconds * 1_000, MAX_EVENTS);

  const indices = new Set(honest.map(({ index }) => index));
  checkHonestOperators(simulation, indices);
  checkCertificates(simulation, indices);
  countEvidence(simulation, settings.byzantine);
  const certified = formableCertificates(simulation);
  if (certified.length > 0) simulation.count("certified");
  if (settings.safe && !settings.deepReorg && honestQuorum(simulation, indices)) {
    const tip = simulation.heads[0]?.executed.core.height ?? 0;
    const resumed = simulation.certificates.some(
      ({ core }) =>
        core.height > heightWhenHealed &&
        core.height >= tip - RESUMED_WITHIN - settings.originDepth * BLOCKS_PER_L1_BLOCK,
    );
    if (!resumed) simulation.violations.push(`P3: no certificate near height ${tip}, healed at ${heightWhenHealed}`);
  }
  const { counters, violations } = simulation;
  return { seed, settings, hash: `${simulation.hash} ${simulation.sent.length}`, counters, violations };
}

/** Whether the honest alone can certify in the last epochs: who left still counts in the total. */
function honestQuorum(simulation: Simulation, honest: ReadonlySet<number>): boolean {
  const { weights, total } = simulation.table(Number.MAX_SAFE_INTEGER);
  const weight = [...weights].reduce((sum, [index, [own]]) => sum + (honest.has(index) ? (own as bigint) : 0n), 0n);
  if (isQuorum([weight], total)) simulation.count("liveness demanded");
  return isQuorum([weight], total);
}

/** Blocks between the sequencer's head at the end and the newest certificate: what delays explain. */
const RESUMED_WITHIN = 4;
/** An origin must be so deep: what is built on the newest waits for it. */
const BLOCKS_PER_L1_BLOCK = TIMING.l1Seconds / TIMING.l2Seconds;

function driveCrashes(simulation: Simulation, honest: readonly HonestOperator[]): void {
  const { scheduler, settings } = simulation;
  const tick = () => {
    scheduler.after(3_000, tick);
    for (const operator of honest) if (operator.isUp && simulation.fault("crash", settings.crash)) operator.crash();
  };
  scheduler.after(3_000, tick);
}
