import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bridgeStories } from "./bridge.ts";
import { everyPageStories } from "./every-page.ts";
import { explorerStories } from "./explorer.ts";
import { launchStories } from "./launch.ts";
import { settingsStories } from "./settings.ts";
import { signInStories } from "./sign-in.ts";
import type { World } from "./support/world.ts";
import { createWorld } from "./support/world.ts";
import { teamStories } from "./team.ts";

/** One platform as `altlayer platform` starts it, one Chromium, and people who use both; each story goes on from the last. */
let held: World;
beforeAll(async () => {
  held = await createWorld();
}, 180_000);
afterAll(async () => {
  await held?.close();
}, 60_000);

const world = (): World => held;

describe("the console", () => {
  signInStories(world);
  launchStories(world);
  explorerStories(world);
  bridgeStories(world);
  settingsStories(world);
  teamStories(world);
  everyPageStories(world);

  test("no script failed, no dialog opened, and the content security policy was kept all the way", () => {
    expect(world().owner.complaints).toEqual([]);
  });
});
