import { expect, test } from "vitest";
import { fastHash, REAL, SIGNING_RULES, type SimulationReport, simulate } from "../src/index.ts";

type Hooks = typeof REAL;
const run = (seed: number, hooks: Hooks = REAL): SimulationReport => simulate(seed, { keccak256: fastHash, hooks });

/** What 500 seeds must have reached, or the generator has gone blind. */
const REACHED = [
  "abstained AHEAD_OF_CLOCK",
  "abstained CONTRADICTS_TIP",
  "abstained NOT_AHEAD_OF_TIP",
  "abstained OFF_BASE",
  "abstained ORIGIN_NOT_CANONICAL",
  "abstained ORIGIN_SHALLOW",
  "abstained QUARANTINE",
  "certificate",
  "evidence BASE",
  "evidence CONTENT",
  "evidence HISTORY",
  "evidence PARENT",
  "evidence PLACE",
  "evidence against one BASE",
  "evidence against one CONTENT",
  "evidence against one PLACE",
  "evidence against one PREFIX",
  "fault L1 reorg",
  "fault L1 reorg below finality",
  "fault batch of another branch",
  "fault batch skipped",
  "fault block withheld",
  "fault branch kept against L1",
  "fault crash",
  "fault crash after an effect",
  "fault crash before an effect",
  "fault equivocation",
  "fault false base",
  "fault message duplicated",
  "fault message lost",
  "fault message parted",
  "fault partition",
  "fault restore declared",
  "fault restore undeclared",
  "fault sequencer lost its disk",
  "fault sequencer runs ahead",
  "fault share withheld",
  "fault signature wrong",
  "fault write lost in crash",
  "liveness demanded",
  "quarantine left",
  "quarantined",
  "reject DISPLACED",
  "reject DUPLICATE",
  "reject NOT_A_MEMBER",
  "reject NO_TABLE",
  "reject SETTLED",
  "reject SIGNED_WRONGLY",
  "sequencer reorganised",
  "slice sent to all",
  "slice sent to few",
];

test("the three properties hold under faults, and every rule and fault was there", { timeout: 600_000 }, () => {
  const totals = new Map<string, number>();
  const failed: string[] = [];
  for (let seed = 1; seed <= 500; seed++) {
    const { counters, violations } = run(seed);
    for (const [name, count] of counters) totals.set(name, (totals.get(name) ?? 0) + count);
    if (violations.length > 0) failed.push(`npm run simulate -- --seed ${seed}: ${violations[0]}`);
  }
  expect(failed).toEqual([]);
  expect(REACHED.filter((name) => !totals.has(name))).toEqual([]);
});

test("a seed is a run: equal hashes twice, different ones for different seeds", { timeout: 60_000 }, () => {
  const hashes = [1, 2, 3, 4, 5].map((seed) => run(seed).hash);
  expect([1, 2, 3, 4, 5].map((seed) => run(seed).hash)).toEqual(hashes);
  expect(new Set(hashes).size).toBe(5);
});

const without = (obstacle: string): Hooks => ({
  ...REAL,
  context: (context) => ({ ...context, rules: context.rules.filter((rule) => rule.obstacle !== obstacle) }),
});

/** Broken operators, and what gives them away. */
const BROKEN: readonly (readonly [name: string, hooks: Hooks, betrayed: RegExp])[] = [
  ["signs behind its tip", without("NOT_AHEAD_OF_TIP"), /^P1/],
  ["signs against its tip", without("CONTRADICTS_TIP"), /^P1/],
  ["signs off its base", without("OFF_BASE"), /does not extend its base/],
  ["signs in quarantine", without("QUARANTINE"), /^P1/],
  ["signs on an origin that is no more", without("ORIGIN_NOT_CANONICAL"), /origin is not canonical/],
  ["signs on too new an origin", without("ORIGIN_SHALLOW"), /origin is not deep enough/],
  ["signs ahead of its clock", without("AHEAD_OF_CLOCK"), /in the future/],
  [
    "sends before its journal is on disk",
    {
      ...REAL,
      step: (state, input, context) => {
        const step = REAL.step(state, input, context);
        const early = step.effects.flatMap((effect) =>
          effect.type === "journal" && effect.record.tip !== null && effect.record.quarantineHeight === null
            ? [{ type: "sendShare" as const, message: effect.record.tip, again: false }, effect]
            : [effect],
        );
        return { ...step, effects: early };
      },
    },
    /^P1/,
  ],
  [
    "does not ask what it signed before a start",
    {
      ...REAL,
      start: (journal, options, context) => {
        const step = REAL.start(journal, options, context);
        return { ...step, state: { ...step.state, answered: null } };
      },
    },
    /^P1/,
  ],
  [
    "forgets its journal",
    { ...REAL, start: (_, options, context) => REAL.start({ tip: null, quarantineHeight: null }, options, context) },
    /^P1/,
  ],
  [
    "takes a certificate for a release",
    {
      ...REAL,
      step: (state, input, context) =>
        REAL.step(input.type === "certified" ? { ...state, tip: null } : state, input, context),
    },
    /^P1/,
  ],
];

test.each(BROKEN)("an operator that %s is found out", { timeout: 300_000 }, (_name, hooks, betrayed) => {
  for (let seed = 1; seed <= 500; seed++) {
    const betrayal = run(seed, hooks).violations.find((violation) => betrayed.test(violation));
    if (betrayal !== undefined) return;
  }
  expect.fail("500 seeds saw nothing wrong");
});

test("the rules that the simulator cannot break by chance are named", () => {
  const broken = ["NOT_AHEAD_OF_TIP", "CONTRADICTS_TIP", "OFF_BASE", "QUARANTINE", "ORIGIN_NOT_CANONICAL"];
  const others = [...broken, "ORIGIN_SHALLOW", "AHEAD_OF_CLOCK"];
  // Both follow from the others as long as the L1 keeps what it finalised: operator.test.ts breaks them by hand.
  expect(SIGNING_RULES.map(({ obstacle }) => obstacle).filter((obstacle) => !others.includes(obstacle))).toEqual([
    "MALFORMED",
    "BASE_MOVES_BACK",
  ]);
});
