import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseSpec } from "../src/spec/parse.ts";
import type { StoreOptions } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import { takeLease } from "../src/store/lease.ts";
import { PeopleStore } from "../src/store/people.ts";
import { RollupStore } from "../src/store/rollups.ts";
import { newSpec } from "./harness.ts";
import type { Postgres } from "./postgres.ts";
import { startPostgres } from "./postgres.ts";

const nowMs = () => Date.now();

describe.each(["sqlite", "postgres"] as const)("the store on %s", (kind) => {
  let directory: string;
  let postgres: Postgres | undefined;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "altlayer-model-"));
    if (kind === "postgres") postgres = await startPostgres();
  });

  afterAll(async () => {
    await postgres?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test("leaves a store alone that a newer version has written to", async () => {
    const options: StoreOptions =
      kind === "sqlite" ? { kind, file: join(directory, "newer.db") } : { kind, url: await postgres!.database() };
    const db = await openDatabase(options);
    const at = new Date().toISOString();
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', ${at})`.execute(db);
    await db.destroy();
    const newer = { code: "STORE_NEWER", details: { unknown: ["9999-later"] } };
    await expect(openDatabase(options)).rejects.toMatchObject(newer);
    await expect(openDatabase(options)).rejects.toMatchObject(newer);
  });

  test("lets nobody write who has lost the lease", async () => {
    const options: StoreOptions =
      kind === "sqlite" ? { kind, file: join(directory, "lease.db") } : { kind, url: await postgres!.database() };
    const db = await openDatabase(options);
    try {
      const people = new PeopleStore({ nowMs }, { db });
      const user = await people.localUser();
      const [team] = await people.teamsOf(user.id);
      const rollups = new RollupStore({ nowMs }, { db });
      const { id } = await rollups.create({
        teamId: team!.id,
        spec: parseSpec(newSpec("leased-one")),
        authorId: user.id,
      });
      const take = (holder: string, at: number) =>
        takeLease(db, { name: "reconciler", holder, ttlMs: 1_000, nowMs: at });
      const first = await take("a", 1_000);
      expect(await take("b", 1_500)).toBeNull();
      expect((await take("a", 1_900))?.token).toBe(first?.token);
      const second = await take("b", 3_000);
      expect(second?.token).toBe(first!.token + 1);
      await expect(rollups.setPhase(first!, id, { phase: "running", problem: null })).rejects.toMatchObject({
        code: "LEASE_LOST",
      });
      await rollups.setPhase(second!, id, { phase: "stopped", problem: null });
      expect((await rollups.get(id)).phase).toBe("stopped");
    } finally {
      await db.destroy();
    }
  });
});
