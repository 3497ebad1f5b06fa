import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { downMs, type Outage, uptimePercent } from "../src/core/uptime.ts";

const DAY = 1_000;

describe("uptime", () => {
  test("an outage that two alarms tell of counts once, and one that lasts counts until now", () => {
    const outages: Outage[] = [
      { raisedAt: 100, clearedAt: 200 },
      { raisedAt: 150, clearedAt: 250 },
      { raisedAt: 120, clearedAt: 130 },
      { raisedAt: 900, clearedAt: null },
      { raisedAt: -50, clearedAt: 10 },
    ];
    expect(downMs(outages, { from: 0, to: DAY })).toBe(150 + 100 + 10);
    expect(uptimePercent(outages, { from: 0, to: DAY })).toBe(74);
  });

  test("all is all, a moment's outage is not, and no time has no uptime", () => {
    expect(uptimePercent([], { from: 0, to: DAY })).toBe(100);
    expect(uptimePercent([{ raisedAt: 0, clearedAt: 1 }], { from: 0, to: 90 * 86_400_000 })).toBe(99.99);
    expect(uptimePercent([], { from: 5, to: 5 })).toBeNull();
  });

  test("is what counting every moment comes to", () => {
    const outage = fc
      .tuple(fc.integer({ min: -20, max: 120 }), fc.option(fc.integer({ min: 0, max: 60 })))
      .map(([raisedAt, length]): Outage => ({ raisedAt, clearedAt: length === null ? null : raisedAt + length }));
    fc.assert(
      fc.property(fc.array(outage, { maxLength: 8 }), (outages) => {
        let down = 0;
        for (let moment = 0; moment < 100; moment++) {
          if (outages.some(({ raisedAt, clearedAt }) => raisedAt <= moment && moment < (clearedAt ?? 100))) down++;
        }
        expect(downMs(outages, { from: 0, to: 100 })).toBe(down);
      }),
    );
  });
});
