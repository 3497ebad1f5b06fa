import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { alarmStories } from "./alarms.ts";
import { attachStories } from "./attach.ts";
import { bridgeStories } from "./bridge.ts";
import { contractStories } from "./contract.ts";
import { docsStories } from "./docs.ts";
import { everyPageStories } from "./every-page.ts";
import { explorerStories } from "./explorer.ts";
import { launchStories } from "./launch.ts";
import { recoveryStories } from "./recovery.ts";
import { settingsStories } from "./settings.ts";
import { signInStories } from "./sign-in.ts";
import { stakingStories } from "./staking.ts";
import type { World } from "./support/world.ts";
import { createWorld } from "./support/world.ts";
import { teamStories } from "./team.ts";
import { tokenBridgeStories } from "./token-bridge.ts";
import { upgradeStories } from "./upgrade.ts";

/** One platform as `altlayer platform` starts it, one Chromium, and people who use both; each story goes on from the last. */
let held: World;
beforeAll(async () => {
  held = await createWorld();
}, 180_000);
afterAll(async () => {
  await held?.close();
}, 60_000);

const world = (): World => held;

/** With ALTLAYER_SCREENSHOTS, what the owner saw when a story failed. */
afterEach(async ({ task }) => {
  const folder = process.env.ALTLAYER_SCREENSHOTS;
  if (folder === undefined || task.result?.state !== "fail") return;
  await held?.owner.page.screenshot({ path: join(folder, `failed-${task.id}.png`), fullPage: true });
});

describe("the console", () => {
  signInStories(world);
  launchStories(world);
  explorerStories(world);
  contractStories(world);
  bridgeStories(world);
  tokenBridgeStories(world);
  stakingStories(world);
  settingsStories(world);
  upgradeStories(world);
  recoveryStories(world);
  teamStories(world);
  alarmStories(world);
  attachStories(world);
  docsStories(world);
  everyPageStories(world);

  test("no script failed, no dialog opened, and the content security policy was kept all the way", () => {
    expect(world().owner.complaints).toEqual([]);
  });
});
