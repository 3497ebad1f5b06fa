import { describe, expect, it } from "vitest";
import { drawPlan, WAY_FAULTS } from "./plan.ts";
import { runSwarm } from "./swarm.ts";

describe("random mixes of L1 faults", () => {
  it("are drawn by their seed alone, and over many seeds none is missing", () => {
    expect(drawPlan(7)).toEqual(drawPlan(7));
    const plans = Array.from({ length: 200 }, (_, seed) => drawPlan(seed));
    const phases = plans.flatMap((plan) => plan.phases);
    const faults = new Set(phases.flatMap(({ sequencer, follower }) => [sequencer?.fault, follower?.fault]));
    for (const fault of WAY_FAULTS) expect(faults).toContain(fault);
    expect(new Set(phases.map(({ l1 }) => l1?.kind))).toEqual(new Set([undefined, "freeze", "reorg"]));
    expect(phases.some(({ clockShiftMs }) => clockShiftMs > 0)).toBe(true);
    expect(phases.some(({ clockShiftMs }) => clockShiftMs < 0)).toBe(true);
  });

  // Many more by `npm run faults -- --seeds N`; a seed that broke is replayed by `--seed S`.
  it.each([11, 20])(
    "leave no wrong safe head and lose nothing: seed %i",
    async (seed) => {
      const report = await runSwarm(drawPlan(seed, 4));
      expect(report.transactions).toBeGreaterThan(0);
      expect(report.met.size).toBeGreaterThan(0);
    },
    240_000,
  );
});
