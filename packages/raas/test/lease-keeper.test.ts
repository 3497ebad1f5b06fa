import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@altlayer/rollup";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LeaseKeeper } from "../src/lease-keeper.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import { removeDir, until } from "./harness.ts";

let directory: string;
let db: Database;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "altlayer-lease-keeper-"));
  db = await openDatabase({ kind: "sqlite", file: join(directory, "store.db") });
});
afterEach(async () => {
  await db.destroy();
  removeDir(directory);
});

test("what begins under the lease is begun again when it failed, each by itself, and not once the lease is gone", async () => {
  const begun: string[] = [];
  const failing = (name: string, failures: number) => async () => {
    begun.push(name);
    if (begun.filter((each) => each === name).length <= failures) throw new TypeError("the store does not answer");
  };
  const keeper = new LeaseKeeper(
    { name: "test", ttlMs: 60_000, exclusive: true },
    {
      db,
      log: silentLogger,
      onTaken: [failing("well", 0), failing("twice", 1), failing("never", Number.POSITIVE_INFINITY)],
      onLost: async () => {},
    },
  );
  await keeper.start();
  expect(keeper.held).toBe(true);
  const count = (name: string) => begun.filter((each) => each === name).length;
  await until(
    async () => count("never"),
    (times) => times >= 3,
    60_000,
  );
  await keeper.close();
  const atEnd = count("never");
  expect([count("well"), count("twice")]).toEqual([1, 2]);
  expect(keeper.held).toBe(false);
  // Longer than until the next attempt.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(count("never")).toBe(atEnd);
});
