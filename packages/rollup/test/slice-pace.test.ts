import fc from "fast-check";
import { expect, test } from "vitest";
import { gasAllowance } from "../src/sequencer/slice-pace.ts";

const pace = { startMs: 1_000, deadlineMs: 2_000, sliceMs: 10, gasLimit: 30_000_000 };

test("gas is allowed evenly over the block's time", () => {
  expect(gasAllowance(pace, 1_000)).toBe(300_000);
  expect(gasAllowance(pace, 1_490)).toBe(15_000_000);
  expect(gasAllowance(pace, 1_990)).toBe(30_000_000);
});

test("a block that is late, or has no time at all, takes what it can", () => {
  expect(gasAllowance(pace, 9_000)).toBe(30_000_000);
  expect(gasAllowance({ ...pace, deadlineMs: 500 }, 1_000)).toBe(30_000_000);
});

test("the allowance never falls, and never passes the block's limit", () => {
  const moment = fc.integer({ min: 0, max: 3_000 });
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const [earlier, later] = [Math.min(a, b), Math.max(a, b)];
      expect(gasAllowance(pace, earlier)).toBeLessThanOrEqual(gasAllowance(pace, later));
      expect(gasAllowance(pace, earlier)).toBeGreaterThanOrEqual(0);
      expect(gasAllowance(pace, later)).toBeLessThanOrEqual(pace.gasLimit);
    }),
  );
});
