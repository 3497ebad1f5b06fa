import { afterEach, expect, test, vi } from "vitest";
import { BatchTurns } from "../../src/rpc/json-rpc/batch-turns.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Batches of these sizes, which tell when it is their turn. */
function crowd(turns: BatchTurns, sizes: readonly number[]) {
  const begun: number[] = [];
  const ends = sizes.map((size) =>
    turns.take(size).then((end) => {
      begun.push(size);
      return end;
    }),
  );
  return { begun, ends };
}

test("a few batches are worked for at a time, and the smallest of those that wait is next", async () => {
  vi.useFakeTimers();
  const { begun, ends } = crowd(new BatchTurns(), [500, 501, 502, 503, 700, 600, 800]);
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toEqual([500, 501, 502, 503]);
  const end = await ends[1];
  end?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun.slice(4)).toEqual([600]);
  // A turn ends once.
  end?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun.slice(4)).toEqual([600]);
  (await ends[5])?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(begun.slice(4)).toEqual([600, 700]);
});

test("a batch that waits for something slow keeps the others from nothing", async () => {
  vi.useFakeTimers();
  const { begun, ends } = crowd(new BatchTurns(), [20, 20, 20, 20, 30, 30]);
  await vi.advanceTimersByTimeAsync(0);
  expect(begun).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(300);
  expect(begun).toHaveLength(6);
  // What ends after its turn was over makes no room twice.
  for (const end of ends.slice(0, 4)) (await end)();
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(2);
});
