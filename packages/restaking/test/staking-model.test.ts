import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ModelOptions, Refused, StakingModel } from "./model/staking-model.ts";
import { type Action, anyAction, onModel, onWorld, stateOfModel, stateOfWorld } from "./support/staking-actions.ts";
import { type StakingWorld, startStakingWorld } from "./support/staking-world.ts";

/**
 * Random walks over the core's contracts on a real anvil, beside the model: after each step both say the same, to the
 * wei, and both refuse the same steps. Long: `npm run simulate -- --staking --runs 200`.
 */
const RUNS = Number(process.env.ALTLAYER_STAKING_RUNS ?? 4);
const SEED = Number(process.env.ALTLAYER_STAKING_SEED ?? 20_261_126);
const OPTIONS: ModelOptions = {
  operators: 2,
  stakers: 2,
  sets: 2,
  delay: 6,
  allocationDelay: (operator) => 2 * operator,
};
const STEPS = 40;

let world: StakingWorld;
beforeAll(async () => {
  world = await startStakingWorld(OPTIONS);
}, 60_000);
afterAll(() => world.stop());

/** The worked example of EigenLayer's documentation: two sets, half of one slashed, then all of the other. */
test("a thousand shares under two slashes, one of them with a withdrawal in the queue", async () => {
  const E = 10n ** 18n;
  const steps: Action[] = [
    { kind: "delegate", staker: 2, operator: 0 },
    { kind: "deposit", staker: 2, amount: 1000n * E },
    { kind: "join", operator: 0, set: 0 },
    { kind: "join", operator: 0, set: 1 },
    { kind: "allocate", operator: 0, set: 0, part: E / 2n },
    { kind: "allocate", operator: 0, set: 1, part: E / 4n },
    { kind: "slash", operator: 0, set: 0, part: E / 2n },
    { kind: "queue", staker: 2, part: (4n * E) / 10n },
    { kind: "slash", operator: 0, set: 1, part: E },
  ];
  const { model, answers } = await walk(steps);
  expect(model.max(0)).toBe(E / 2n);
  expect(model.operators[0]!.shares).toBe(300n * E);
  expect(answers.at(-1)).toBe(250n * E);
  expect(model.queuedShares(2)).toEqual([200n * E]);
});

test("the contracts do what the model says, and refuse what it refuses", async () => {
  const reached = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(anyAction(OPTIONS), { minLength: STEPS, maxLength: STEPS }), async (steps) => {
      const { done } = await walk([...GROUND, ...steps]);
      for (const kind of done) reached.set(kind, (reached.get(kind) ?? 0) + 1);
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  const kinds: Action["kind"][] = [
    "deposit",
    "delegate",
    "undelegate",
    "queue",
    "complete",
    "join",
    "leave",
    "allocate",
    "slash",
  ];
  // A few walks of one's own choice need not meet everything.
  if (process.env.ALTLAYER_STAKING_RUNS !== undefined && RUNS < 20) return;
  for (const kind of kinds) expect(reached.get(kind) ?? 0, `${kind} was done`).toBeGreaterThan(0);
}, 3_600_000);

/** So that walks begin where something can happen. */
const GROUND: readonly Action[] = [
  { kind: "delegate", staker: 2, operator: 0 },
  { kind: "deposit", staker: 2, amount: 1_000_000_007n },
  { kind: "deposit", staker: 0, amount: 999_999_937n },
  { kind: "join", operator: 0, set: 0 },
  { kind: "allocate", operator: 0, set: 0, part: 333_333_333_333_333_333n },
];

async function walk(steps: readonly Action[]) {
  await world.reset();
  const model = new StakingModel(OPTIONS);
  const done: string[] = [];
  const answers: bigint[] = [];
  for (const [i, action] of steps.entries()) {
    const head = await world.blockNumber();
    const found = await onWorld(world, model, action).catch(refusal);
    // A transaction was in the block after the head; views are asked at the new one.
    model.block = head + 1;
    const expected = attempt(() => onModel(model, action));
    if (expected instanceof Refused || found instanceof Refused) {
      expect({ step: i, refused: found instanceof Refused }).toEqual({ step: i, refused: expected instanceof Refused });
    } else {
      expect({ step: i, answer: found }).toEqual({ step: i, answer: expected });
      done.push(action.kind);
      answers.push(expected);
    }
    model.block = await world.blockNumber();
    expect({ step: i, action, ...(await stateOfWorld(world, OPTIONS)) }).toEqual({
      step: i,
      action,
      ...stateOfModel(model, OPTIONS),
    });
  }
  return { model, done, answers };
}

function attempt(action: () => bigint): bigint | Refused {
  try {
    return action();
  } catch (error) {
    return refusal(error);
  }
}

/** A refusal is an answer; anything else is a defect. */
function refusal(error: unknown): Refused {
  if (error instanceof Refused) return error;
  throw error;
}
