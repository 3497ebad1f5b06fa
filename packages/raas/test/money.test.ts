import fc from "fast-check";
import { createWalletClient, http } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import {
  budgetPercent,
  DAY_MS,
  feeOf,
  HOUR_MS,
  monthName,
  monthStart,
  RATE_WINDOW_MS,
  runwayDays,
  spentPerDay,
  weiPerTransaction,
} from "../src/money/maths.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, removeDir, startL1, startTestPlatform, until } from "./harness.ts";

const ETHER = 10n ** 18n;

describe("money", () => {
  const nowMs = Date.UTC(2026, 10, 26, 9, 30);

  test("half an ether in twelve hours is one a day, and three ether then last three days", () => {
    const hours = Array.from({ length: 12 }, (_, hour) => ({
      startMs: nowMs - (hour + 1) * HOUR_MS,
      wei: ETHER / 24n,
    }));
    const rate = spentPerDay(hours, { nowMs, measuredFromMs: nowMs - 12 * HOUR_MS });
    expect(Number(rate) / 1e18).toBeCloseTo(1, 9);
    expect(runwayDays(3n * ETHER, rate)).toBeCloseTo(3, 1);
  });

  test("what lies before the week does not count, and minutes say nothing", () => {
    const old = [{ startMs: nowMs - RATE_WINDOW_MS - 2 * HOUR_MS, wei: ETHER }];
    expect(spentPerDay(old, { nowMs, measuredFromMs: 0 })).toBe(0n);
    expect(spentPerDay([{ startMs: nowMs, wei: ETHER }], { nowMs, measuredFromMs: nowMs - 60_000 })).toBeNull();
  });

  test("an account that spends nothing lasts for ever, and one of unknown spending is not guessed", () => {
    expect(runwayDays(ETHER, 0n)).toBeNull();
    expect(runwayDays(ETHER, null)).toBeNull();
    expect(runwayDays(0n, ETHER)).toBe(0);
  });

  test("a rate is the mean of what was spent, however it was spread", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 24 * 7 - 1 }), fc.bigInt({ min: 0n, max: ETHER }))),
        (spent) => {
          const hours = spent.map(([ago, wei]) => ({ startMs: nowMs - ago * HOUR_MS, wei }));
          const total = hours.reduce((sum, { wei }) => sum + wei, 0n);
          expect(spentPerDay(hours, { nowMs, measuredFromMs: nowMs - RATE_WINDOW_MS })).toBe(total / 7n);
        },
      ),
    );
  });

  test("a month is the calendar's, in UTC", () => {
    expect(new Date(monthStart(nowMs)).toISOString()).toBe("2026-11-01T00:00:00.000Z");
    expect(monthStart(monthStart(nowMs))).toBe(monthStart(nowMs));
    expect(monthName(monthStart(nowMs) - 1)).toBe("2026-10");
    expect(monthStart(nowMs + 5 * DAY_MS)).toBe(Date.UTC(2026, 11, 1));
  });

  test("budget, transactions and fees", () => {
    expect(budgetPercent(799n, 1_000n)).toBe(79);
    expect(budgetPercent(2_500n, 1_000n)).toBe(250);
    expect(budgetPercent(1n, 0n)).toBeNull();
    expect(weiPerTransaction(10n, 0)).toBeNull();
    expect(weiPerTransaction(10n, 3)).toBe(3n);
    const receipt = { gasUsed: 21_000n, effectiveGasPrice: 10n, blobGasUsed: 131_072n, blobGasPrice: 2n, l1Fee: 5n };
    expect(feeOf(receipt)).toBe(210_000n + 262_144n + 5n);
  });
});

const WAIT_MS = 60_000;
const RECEIVER = "0x00000000000000000000000000000000000ccccc";
let l1: Anvil;
let at: TestPlatform;
let id: string;
const path = (rest: string) => `/teams/${at.teamId}/rollups/${id}${rest}`;

describe("a rollup's costs", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    l1 = await startL1();
    at = await startTestPlatform({
      rpcUrl: l1.url,
      alarmTuning: { everyMs: 200, timing: { clearAfterMs: 500, relapsesMax: 0, relapseWindowMs: 0, raiseAfterMs: 0 } },
      ledgerEveryMs: 200,
    });
    const spec = newSpec("paying-one", { proposals: { intervalSeconds: 2 } });
    id = (await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec })).body.id;
    await until(
      () => at.owner.ask("GET", path("")),
      ({ body }) => body.phase === "running",
      WAIT_MS,
    );
  }, 120_000);

  afterAll(async () => {
    await at?.close();
    await l1?.stop();
    if (at) removeDir(at.dataDir);
  });

  /** What an account has paid, from its balance alone: every role got 1,000 ether. */
  const paid = async (address: string): Promise<bigint> => {
    const { networks } = at.platform.services;
    const held = BigInt(await networks.request<`0x${string}`>("development", "eth_getBalance", [address, "finalized"]));
    return 1_000n * ETHER - held;
  };

  test("are those that its accounts really paid, to the wei", async () => {
    const { body: rollup } = await at.owner.ask("GET", path(""));
    const { address } = rollup.accounts.find(({ role }: { role: string }) => role === "batcher");
    await at.owner.ask("POST", path("/faucet"), { address: RECEIVER });
    const costs = await until(
      async () => {
        const before = await paid(address);
        const { body } = await at.owner.ask("GET", path("/costs"));
        return { body, before, after: await paid(address) };
      },
      // Between two L1 blocks both are of the same time.
      ({ body, before, after }) =>
        before === after &&
        before > 0n &&
        // Kept for some seconds.
        BigInt(body.month.spentWei) >= before &&
        body.days.reduce((sum: bigint, day: { dataWei: string }) => sum + BigInt(day.dataWei), 0n) === before,
      WAIT_MS,
    );
    const today = costs.body.days.at(-1);
    expect(today.dataBytes).toBeGreaterThan(0);
    const hourly = costs.body.hours.reduce((sum: bigint, hour: { dataWei: string }) => sum + BigInt(hour.dataWei), 0n);
    expect(hourly).toBe(costs.before);
    expect(costs.body.measuredFrom).not.toBeNull();
    expect(costs.body.month).toMatchObject({ budgetWei: null, percent: null });
  });

  test("are shared out among the users' transactions", async () => {
    const { body } = await until(
      () => at.owner.ask("GET", path("/costs")),
      ({ body: { days } }) => days.at(-1)?.transactions >= 1,
      WAIT_MS,
    );
    const { dataWei, transactions, weiPerTransaction: each } = body.days.at(-1);
    expect(BigInt(each)).toBe(BigInt(dataWei) / BigInt(transactions));
  });

  test("raise an alarm near the month's budget, and another when it is spent", async () => {
    const { body: costs } = await at.owner.ask("GET", path("/costs"));
    const spent = BigInt(costs.month.spentWei);
    const want = async (monthlyBudgetWei: bigint) => {
      const { body } = await at.owner.ask("GET", path(""));
      const spec = { ...body.spec, alarms: { ...body.spec.alarms, monthlyBudgetWei: String(monthlyBudgetWei) } };
      expect((await at.owner.ask("PUT", path("/spec"), { spec, revision: body.revision })).status).toBe(200);
    };
    const standing = (code: string) =>
      until(
        () => at.owner.ask("GET", `/teams/${at.teamId}/alarms?open=true`),
        ({ body }) => body.items.some((item: { code: string }) => item.code === code),
        WAIT_MS,
      );
    // Deploying cost far more than running will in this test's time.
    await want((spent * 110n) / 100n);
    await standing("BUDGET_NEAR");
    await want(spent / 2n);
    await standing("BUDGET_SPENT");
    const { body } = await at.owner.ask("GET", path("/costs"));
    expect(body.month.percent).toBeGreaterThanOrEqual(199);
  });

  test("count what is sent along, and not what others send", async () => {
    const { keys } = at.platform.services;
    const account = await keys.account(id, "proposer");
    const wallet = createWalletClient({ account: await keys.account(id, "challenger"), transport: http(l1.url) });
    const month = async () => BigInt((await at.owner.ask("GET", path("/costs"))).body.month.spentWei);
    const before = await month();
    await wallet.sendTransaction({ to: account.address, value: 3n * ETHER, chain: null });
    await until(month, (spent) => spent > before + 3n * ETHER, WAIT_MS);
    expect(await month()).toBeLessThan(before + 4n * ETHER);
  });

  test("are not counted twice by a control plane that starts anew", async () => {
    const sums = async () => {
      const { days } = (await at.owner.ask("GET", path("/costs"))).body;
      return BigInt(days.at(-1).otherWei);
    };
    await at.owner.ask("POST", path("/stop"), {});
    await until(
      () => at.owner.ask("GET", path("")),
      ({ body }) => body.phase === "stopped",
      WAIT_MS,
    );
    // All that was paid until now is read once the L1 has finalized a later block.
    const { networks, spending } = at.platform.services;
    const head = Number(await networks.request<string>("development", "eth_blockNumber"));
    const caughtUp = () =>
      until(
        () => spending.cursor("l1/development"),
        (cursor) => (cursor?.position ?? 0) >= head,
        WAIT_MS,
      );
    await caughtUp();
    const before = await sums();
    await at.close();
    at = await startTestPlatform({ rpcUrl: l1.url, dataDir: at.dataDir, ledgerEveryMs: 200 });
    const later = Number(await at.platform.services.networks.request<string>("development", "eth_blockNumber"));
    await until(
      () => at.platform.services.spending.cursor("l1/development"),
      (cursor) => (cursor?.position ?? 0) >= later,
      WAIT_MS,
    );
    expect(await sums()).toBe(before);
  });
});
