import { expect, test } from "vitest";
import { torture } from "./torture.ts";

/** A few; `npm run torture` does many. */
const KILLS = 6;

test("kill -9 under load loses nothing acknowledged, changes no block and leaves no gap on L1", async () => {
  const seed = Date.now() % 1_000_000;
  const dataAvailability = seed % 2 === 0 ? "calldata" : "blobs";
  process.stdout.write(`torture seed ${seed}, ${dataAvailability}\n`);
  const report = await torture({ kills: KILLS, seed, dataAvailability });
  // The load was one, and the kills hit something.
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(report.withReceipt).toBeGreaterThan(0);
  expect(report.blocks).toBeGreaterThan(2);
}, 300_000);
