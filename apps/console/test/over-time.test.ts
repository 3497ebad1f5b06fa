import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everyMinute } from "../src/api/explorer.ts";
import { latencyQuery, sampledHeights } from "../src/chain/latency.ts";
import { createRpc } from "../src/chain/rpc.ts";
import { logScale, niceMax } from "../src/ui/chart/scale.ts";

describe("scales", () => {
  test("an axis ends at the next 1, 2 or 5 times a power of ten, never below a value", () => {
    expect([0, 0.3, 1, 1.1, 3, 12, 51, 100].map(niceMax)).toEqual([1, 0.5, 1, 2, 5, 20, 100, 100]);
    fc.assert(fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (value) => niceMax(value) >= value));
  });

  test("powers of ten enclose all values, each at its own height", () => {
    const { marks, at } = logScale([420, 9_000, 65_000]);
    expect(marks).toEqual([100, 1_000, 10_000, 100_000]);
    expect(at(100)).toBe(0);
    expect(at(100_000)).toBe(1);
    expect(at(1_000)).toBeCloseTo(1 / 3);
    expect(logScale([]).marks.length).toBeGreaterThan(1);
    expect(logScale([0]).at(0)).toBe(0);
  });
});

test("every minute of the last hour is there, those without a block as zeros, and what was before the first is not known", () => {
  const at = (minute: string, transactions: number) => ({
    minute: `2026-11-26T12:${minute}:00.000Z`,
    transactions,
    gasUsed: 0,
  });
  expect(everyMinute([])).toEqual([]);
  const minutes = everyMinute([at("08", 4), at("05", 2)]);
  expect(minutes).toHaveLength(60);
  expect(minutes.slice(-5).map(({ work }) => work?.transactions)).toEqual([undefined, 2, 0, 0, 4]);
  expect(new Date(minutes.at(-3)?.startMs ?? 0).toISOString()).toBe("2026-11-26T12:06:00.000Z");
  const long = everyMinute([at("00", 1), { minute: "2026-11-26T14:00:00.000Z", transactions: 3, gasUsed: 1 }]);
  expect(long.every(({ work }) => work !== null)).toBe(true);
  expect(long[0]?.work?.transactions).toBe(0);
});

describe("times to finality", () => {
  test("the blocks that are looked at stay the same while the chain grows, and are few", () => {
    const heights = sampledHeights(1_000, 3_600);
    expect(heights.length).toBeLessThanOrEqual(49);
    expect(heights.at(-1)).toBeGreaterThan(1_000 - 33);
    const later = sampledHeights(1_001, 3_600);
    expect(heights.slice(1).every((height) => later.includes(height))).toBe(true);
    expect(sampledHeights(0, 100)).toEqual([]);
    expect(sampledHeights(3, 100)).toEqual([1, 2, 3]);
  });

  test("are taken from the sealing; what is not reached or not known is none", async () => {
    const hex = (value: number) => `0x${value.toString(16)}`;
    const level = (name: string, at: number | null) => ({
      level: name,
      reached: true,
      at: at === null ? null : hex(at),
    });
    const rpc = createRpc(async (body) =>
      [body].flat().map((call) => {
        const { id, params } = call as { id: number; params: [string] };
        const levels = [level("blockCertificate", 1_300), level("safe", 5_000), level("finalized", null)];
        const sealed = level("block", params[0] === "0x1" ? null : 1_000);
        return { id, result: { blockNumber: params[0], level: "safe", levels: [sealed, ...levels] } };
      }),
    );
    const { queryFn } = latencyQuery(rpc, "x", { latest: 2, blocks: 10 });
    const client = { getQueryData: () => undefined };
    const found = await (queryFn as (context: unknown) => Promise<unknown>)({ client, queryKey: ["x"] });
    expect(found).toEqual([{ number: 2, sealedAtMs: 1_000, blockCertificate: 300, safe: 4_000, finalized: null }]);
  });
});
