import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { actor } from "./support/actor.ts";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const FIRST_PAGE_MAX_BYTES = 200 * 1024;

export function signInStories(world: () => World): void {
  describe("signing in", () => {
    test("whoever is nobody yet is asked to sign in, and learns how", async () => {
      const { browser, platform } = world();
      const { page, context, complaints } = await actor(browser);
      await page.goto(`${platform.url}/teams/team_x/members`);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      expect(new URL(page.url()).pathname).toBe("/sign-in");
      await page.getByText("No wallet found in this browser").waitFor();
      await expectAccessible(page, "sign-in page");
      expect(complaints).toEqual([]);
      await context.close();
    });

    test("the printed link signs in, and leaves no token in the address bar or the history", async () => {
      const { owner, platform } = world();
      await owner.page.goto(platform.signInUrl);
      await owner.page.getByRole("heading", { name: "Rollups" }).waitFor();
      expect(owner.page.url()).not.toContain("sign-in=");
      await owner.page.goBack();
      expect(owner.page.url()).not.toContain("sign-in=");
      await owner.page.goto(platform.url);
      await owner.page.getByRole("heading", { name: "Rollups" }).waitFor();
    });

    test("the first page takes less than 200 KiB of compressed script", () => {
      const total = [...world().owner.scripts.values()].reduce((sum, body) => sum + gzipSync(body).length, 0);
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThan(FIRST_PAGE_MAX_BYTES);
    });

    test("the link works once", async () => {
      const { browser, platform } = world();
      const { page, context } = await actor(browser);
      await page.goto(platform.signInUrl);
      await page.getByText("That sign-in link is used up or too old").waitFor();
      await context.close();
    });
  });
}
