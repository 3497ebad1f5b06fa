import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@altlayer/rollup";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LAUNCH_STEPS, type StepName } from "../src/core/decide.ts";
import { EventHub } from "../src/events.ts";
import { Reconciler } from "../src/reconciler.ts";
import { settingsOf } from "../src/runtime/node-config.ts";
import { parseSpec } from "../src/spec/parse.ts";
import type { Actions, Step } from "../src/steps/step.ts";
import type { Database } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import { type Lease, takeLease } from "../src/store/lease.ts";
import { PeopleStore } from "../src/store/people.ts";
import { RollupStore } from "../src/store/rollups.ts";
import { newSpec, until } from "./harness.ts";

const WAIT_MS = 60_000;
const nowMs = () => Date.now();

let folder: string;
let db: Database;
let rollups: RollupStore;
let lease: Lease;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-reconciler-"));
  db = await openDatabase({ kind: "sqlite", file: join(folder, "store.db") });
  rollups = new RollupStore({ nowMs }, { db });
  lease = (await takeLease(db, { name: "reconciler", holder: "test", ttlMs: 600_000, nowMs: nowMs() }))!;
});

afterEach(async () => {
  await db.destroy();
  rmSync(folder, { recursive: true, force: true });
});

async function create(name: string): Promise<string> {
  const people = new PeopleStore({ nowMs }, { db });
  const user = await people.localUser();
  const [team] = await people.teamsOf(user.id);
  return (await rollups.create({ teamId: team!.id, spec: parseSpec(newSpec(name)), authorId: user.id })).id;
}

async function launchedBefore(id: string): Promise<void> {
  for (const name of LAUNCH_STEPS) {
    const times = { attempt: 1, startedAt: 1, endedAt: 2 };
    await rollups.saveStep(lease, id, { name, status: "done", ...times, detail: null, problem: null, result: {} });
  }
}

test("nodes are started however many launches wait for their settlement network", async () => {
  const launching = [await create("slow-one"), await create("slow-two"), await create("slow-three")];
  const running = [await create("with-users"), await create("with-others")];
  for (const id of running) await launchedBefore(id);
  const nodes = new Map<string, string>();
  const deploying = new Set<string>();
  const nothing: Step = async () => ({});
  const steps: Record<StepName, Step> = {
    ...{ keys: nothing, fund: nothing, genesis: nothing, restake: nothing, restore: nothing, health: nothing },
    // A network that does not answer.
    contracts: ({ rollup, signal }) => {
      deploying.add(rollup.id);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    start: async ({ rollup, spec }) => {
      nodes.set(rollup.id, settingsOf(spec));
      return {};
    },
  };
  const actions: Actions = {
    steps,
    stop: async (id) => void nodes.delete(id),
    running: (id) => nodes.get(id) ?? null,
    settingsOf,
    hasData: async () => true,
    remove: async () => {},
    onExit: () => () => {},
  };
  const reconciler = new Reconciler(
    { concurrency: 2, startConcurrency: 1, nowMs },
    { rollups, actions, events: new EventHub(), lease: () => lease, log: silentLogger },
  );
  for (const id of launching) reconciler.kick(id);
  await until(
    async () => deploying.size,
    (count) => count === 2,
    WAIT_MS,
  );
  await reconciler.start();
  const phases = () => Promise.all(running.map(async (id) => (await rollups.get(id)).phase));
  expect(await until(phases, (now) => now.every((phase) => phase === "running"), WAIT_MS)).toEqual([
    "running",
    "running",
  ]);
  // The third launch still waits for one of the two before it.
  expect(deploying.size).toBe(2);
  await reconciler.close();
});

test("what is stopped, and is as it should be, is not looked at when a control plane starts", async () => {
  const [stopped, wanted, failing] = [await create("stopped"), await create("wanted"), await create("failing")];
  await rollups.setDesired(stopped, "stopped");
  await rollups.setPhase(lease, stopped, { phase: "stopped", problem: null });
  await rollups.setDesired(failing, "stopped");
  await rollups.setPhase(lease, failing, { phase: "stopped", problem: { code: "INTERNAL", message: "of before" } });
  await rollups.setPhase(lease, wanted, { phase: "running", problem: null });
  expect(await rollups.unfinished()).toEqual([wanted, failing].toSorted());
  await rollups.setDesired(stopped, "destroyed");
  expect(await rollups.unfinished()).toContain(stopped);
});
