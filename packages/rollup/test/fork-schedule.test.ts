import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RollupConfig } from "@altlayer/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepForkSchedule, requireSameSchedule } from "../src/node/fork-schedule.ts";

const GENESIS = 1_000;
const AT_GENESIS = { regolith: 0, canyon: 0, delta: 0, ecotone: 0, fjord: 0 };

const scheduled = (later: RollupConfig["forkTimes"]) =>
  ({ genesis: { l2Time: GENESIS }, forkTimes: { ...AT_GENESIS, ...later } }) as unknown as RollupConfig;

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "altlayer-forks-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const start = (later: RollupConfig["forkTimes"], headTimestamp: number) =>
  keepForkSchedule(scheduled(later), { dataDir, headTimestamp });

describe("a node's fork schedule", () => {
  test("moves as long as the chain has not come to either time", async () => {
    await start({}, GENESIS);
    await start({ granite: 2_000, holocene: 2_000 }, 1_500);
    await start({ granite: 2_000, holocene: 3_000 }, 1_999);
    await start({ granite: 2_000 }, 2_500);
    await start({ granite: 2_000, holocene: 2_600 }, 2_599);
    await start({ granite: 2_000, holocene: 2_600 }, 9_000);
  });

  test("is refused where blocks were made by other rules, and the refusal changes nothing", async () => {
    await start({ granite: 0 }, 1_500);
    const late = { code: "FORK_SCHEDULE_CONFLICT", severity: "critical", data: { fork: "holocene", now: 1_500 } };
    await expect(start({ granite: 0, holocene: 1_500 }, 1_500)).rejects.toMatchObject(late);
    await start({ granite: 0 }, 1_600);
    await start({ granite: 0, holocene: 1_700 }, 1_600);
    // The fork's first block exists: no time of it can move any more, and none can be taken back.
    for (const later of [{ granite: 0 }, { granite: 0, holocene: 1_800 }, { granite: 0, holocene: 1_650 }]) {
      await expect(start(later, 1_700)).rejects.toMatchObject({ code: "FORK_SCHEDULE_CONFLICT" });
    }
    await start({ granite: 0, holocene: 1_700 }, 1_700);
  });

  test("takes any time at or before the genesis for the same", async () => {
    await start({ granite: 0 }, 5_000);
    await start({ granite: GENESIS }, 5_000);
    await expect(start({ granite: GENESIS + 1 }, 5_000)).rejects.toMatchObject({ code: "FORK_SCHEDULE_CONFLICT" });
  });

  test("is not guessed from a record of a newer version", async () => {
    for (const text of ["{", '{"version":2,"times":{}}', '{"version":1,"times":{"granite":-1}}']) {
      writeFileSync(join(dataDir, "fork-schedule.json"), text);
      await expect(start({}, GENESIS)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });

  test("must be the same in genesis.json and rollup.json", () => {
    const chainConfig = { regolithTime: 0, canyonTime: 0, ecotoneTime: 0, fjordTime: 0, graniteTime: 0 };
    requireSameSchedule({ chainConfig }, scheduled({ granite: GENESIS }));
    requireSameSchedule(
      { chainConfig: { ...chainConfig, holoceneTime: 2_000 } },
      scheduled({ granite: 0, holocene: 2_000 }),
    );
    for (const forks of [{}, { granite: 0, holocene: 2_000 }, { granite: 2_000 }]) {
      expect(() => requireSameSchedule({ chainConfig }, scheduled(forks))).toThrowError(
        expect.objectContaining({ code: "CONFIG_INVALID" }),
      );
    }
  });
});
