import { describe, expect, test } from "vitest";
import { actor } from "./support/actor.ts";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

export function docsStories(world: () => World): void {
  describe("the documentation", () => {
    test("is searched by the keyboard alone, by whoever", async () => {
      const { browser, platform } = world();
      const { page, context, complaints } = await actor(browser);
      await page.goto(`${platform.url}/docs/`);
      const box = page.getByRole("combobox", { name: "Search the documentation" });
      await box.waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("zzyzx");
      await page.getByText("Nothing found.").waitFor();
      await box.fill("withdraw prove");
      const options = page.getByRole("option");
      await options.first().waitFor();
      await expectAccessible(page, "documentation's search");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowUp");
      expect(await options.first().getAttribute("aria-selected")).toBe("true");
      const wanted = await options.first().getAttribute("data-href");
      await page.keyboard.press("Enter");
      await page.waitForURL((url) => url.pathname + url.hash === wanted);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(complaints).toEqual([]);
      await context.close();
    }, 60_000);
  });
}
