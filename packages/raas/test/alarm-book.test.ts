import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AlarmBook, AlarmTiming, Condition, Standing } from "../src/core/alarms.ts";
import { ALARMS, closeBook, lookAt } from "../src/core/alarms.ts";
import type { Seen } from "../src/core/conditions.ts";
import { conditionsOf } from "../src/core/conditions.ts";

const EMPTY: AlarmBook = { pending: new Map(), standing: new Map(), past: new Map() };
const TIMING: AlarmTiming = { clearAfterMs: 60_000, relapsesMax: 6, relapseWindowMs: 3_600_000 };
const SILENT: Condition = { code: "NODE_SILENT", subject: "", message: "The node does not answer." };

/** Looks every five seconds; `wrongAt` says what is wrong at a time. Returns what was raised and cleared, when. */
function watch(seconds: number, wrongAt: (second: number) => readonly Condition[], timing = TIMING) {
  let book = EMPTY;
  let ids = 0;
  const told: { readonly kind: "raised" | "cleared"; readonly second: number; readonly alarm: Standing }[] = [];
  for (let second = 0; second <= seconds; second += 5) {
    const changes = lookAt(book, wrongAt(second), { nowMs: second * 1_000, timing, newId: () => `inc_${ids++}` });
    ({ book } = changes);
    for (const alarm of changes.cleared) told.push({ kind: "cleared", second, alarm });
    for (const alarm of changes.raised) told.push({ kind: "raised", second, alarm });
  }
  return { told, book };
}

describe("an alarm", () => {
  test("is raised once it has been wrong for its kind's time, with the time since when", () => {
    const { told } = watch(60, (second) => (second >= 20 ? [SILENT] : []));
    expect(told.map(({ kind, second, alarm }) => [kind, second, alarm.raisedAt])).toEqual([["raised", 30, 20_000]]);
  });

  test("is not raised for what passes at once", () => {
    expect(watch(600, (second) => (second % 60 === 0 ? [SILENT] : [])).told).toEqual([]);
  });

  test("is cleared after a quiet minute, as of when it was wrong last", () => {
    const { told, book } = watch(300, (second) => (second <= 100 ? [SILENT] : []));
    expect(told.map(({ kind, second }) => [kind, second])).toEqual([
      ["raised", 10],
      ["cleared", 160],
    ]);
    expect(told[1]?.alarm).toMatchObject({ id: told[0]?.alarm.id, clearedAt: 100_000 });
    expect(book.standing.size).toBe(0);
  });

  test("of each subject stands for itself", () => {
    const low = (subject: string): Condition => ({ code: "BALANCE_LOW", subject, message: `${subject} is low` });
    const { told } = watch(400, (second) => (second < 100 ? [low("batcher"), low("proposer")] : [low("proposer")]));
    expect(told.map(({ kind, alarm }) => `${kind} ${alarm.subject}`)).toEqual([
      "raised batcher",
      "raised proposer",
      "cleared batcher",
    ]);
  });

  test("that flaps all day costs a person a few messages: it is held longer each time", () => {
    const { told } = watch(86_400, (second) => (second % 120 < 50 ? [SILENT] : []));
    expect(told.length).toBeGreaterThan(2);
    expect(told.length).toBeLessThan(16);
    expect(told.at(-1)?.kind).toBe("raised");
  });

  test("is cleared at once when its rollup is no longer meant to run", () => {
    const { book } = watch(60, () => [SILENT]);
    expect(closeBook(book, 61_000).cleared).toMatchObject([{ code: "NODE_SILENT", clearedAt: 61_000 }]);
  });

  test("is raised and cleared in turn, one at a time, whatever goes wrong when", () => {
    const codes = Object.keys(ALARMS) as (keyof typeof ALARMS)[];
    let raises = 0;
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.constantFrom(...codes), { maxLength: 4 }), { minLength: 10, maxLength: 120 }),
        (looks) => {
          const wrong = (second: number) =>
            (looks[Math.floor(second / 30)] ?? []).map((code): Condition => ({ code, subject: "", message: code }));
          const { told } = watch(looks.length * 30 + 7_200 * 6, wrong);
          const standing = new Map<string, string>();
          for (const { kind, alarm } of told) {
            if (kind === "raised") {
              raises++;
              expect(standing.has(alarm.code)).toBe(false);
              standing.set(alarm.code, alarm.id);
            } else {
              expect(standing.get(alarm.code)).toBe(alarm.id);
              standing.delete(alarm.code);
            }
          }
          // Hours of quiet clear everything.
          expect([...standing]).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
    expect(raises).toBeGreaterThan(50);
  });
});

describe("what is wrong with a rollup", () => {
  const settings = { batchLagMinutes: 30, lowBalanceWei: "100", runwayDays: 7, certificateLagSeconds: 60 };
  const well: Seen = {
    up: true,
    heads: { unsafe: { number: 5_000, timestamp: 10_000 }, safe: { number: 4_900, timestamp: 9_900 } },
    balances: [{ role: "batcher", balanceWei: "100", runwayDays: 7 }],
    budgetPercent: null,
    mach: {
      latestNumber: 5_000,
      certifiedNumber: 4_999,
      absent: [],
      suspects: 0,
      voidRecently: false,
      table: { epoch: 7, committed: 6 },
    },
    nowSeconds: 10_001,
    blockTimeSeconds: 1,
    idleSeconds: 30,
  };
  const mach = well.mach!;
  const heads = well.heads!;
  test.each<readonly [string, Partial<Seen>, readonly string[]]>([
    ["nothing", {}, []],
    ["no node", { up: false, heads: null }, ["ROLLUP_DOWN"]],
    [
      "no node, and little money all the same",
      { up: false, heads: null, balances: [{ role: "proposer", balanceWei: "99", runwayDays: null }] },
      ["ROLLUP_DOWN", "BALANCE_LOW proposer"],
    ],
    ["a silent node", { heads: null, mach: null }, ["NODE_SILENT"]],
    ["an old head", { nowSeconds: 10_100 }, ["HEAD_STALE"]],
    ["batches that do not come", { heads: { ...heads, safe: { number: 1, timestamp: 8_000 } } }, ["BATCHES_LAG"]],
    [
      "little money",
      { balances: [{ role: "proposer", balanceWei: "99", runwayDays: null }] },
      ["BALANCE_LOW proposer"],
    ],
    ["money that nobody knows", { balances: [{ role: "proposer", balanceWei: null, runwayDays: null }] }, []],
    [
      "money that ends soon",
      { balances: [{ role: "proposer", balanceWei: "100", runwayDays: 6.99 }] },
      ["RUNWAY_SHORT proposer"],
    ],
    ["a budget in hand", { budgetPercent: 79 }, []],
    ["a budget nearly spent", { budgetPercent: 80 }, ["BUDGET_NEAR"]],
    ["a budget spent", { budgetPercent: 100 }, ["BUDGET_SPENT"]],
    [
      "no certificates, and then not each operator too",
      { mach: { ...mach, certifiedNumber: 4_939, absent: ["0xaa"] } },
      ["MACH_CERTIFICATES_MISSED"],
    ],
    ["an absent operator", { mach: { ...mach, absent: ["0xaa"] } }, ["MACH_OPERATOR_ABSENT 0xaa"]],
    ["a void certificate", { mach: { ...mach, voidRecently: true } }, ["MACH_CERTIFICATE_VOID"]],
    ["a suspect block", { mach: { ...mach, suspects: 2 } }, ["MACH_BLOCK_SUSPECT"]],
    ["an epoch without table", { mach: { ...mach, table: { epoch: 7, committed: 5 } } }, ["MACH_TABLE_OLD"]],
  ])("%s", (_, over, expected) => {
    const found = conditionsOf({ ...well, ...over }, settings);
    expect(found.map(({ code, subject }) => `${code} ${subject}`.trim())).toEqual(expected);
  });
});
