import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const DRILL_MS = 180_000;

export function recoveryStories(world: () => World): void {
  describe("recovery", () => {
    test("a restore is rehearsed by one button, and users read of it on the status page", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/recovery`);
      await page.getByRole("button", { name: "Rehearse: Restore from a snapshot" }).click();
      await page.getByText("Passed", { exact: true }).waitFor({ timeout: DRILL_MS });
      await page.getByRole("rowheader").first().waitFor();
      await expectAccessible(page, "recovery");
      const rollup = world().rollupPath.split("/").at(-1);
      await page.goto(`${world().platform.url}/status/${rollup}`);
      await page.getByRole("heading", { name: "Rehearsed" }).waitFor();
      await page.getByText("Restore from a snapshot").waitFor();
    }, 240_000);

    test("the batcher's key is replaced by the owner's signature, and the old one is retired", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/keys`);
      await page.getByRole("button", { name: "Replace the batcher's key" }).click();
      await page.getByRole("button", { name: "Make the next key" }).click();
      await page.getByText("Your signature is needed").waitFor({ timeout: DRILL_MS });
      await expectAccessible(page, "keys");
      await page.getByRole("button", { name: "Sign in wallet" }).click();
      await page
        .getByRole("row", { name: /^batcher/ })
        .getByText(/^before/)
        .waitFor({ timeout: DRILL_MS });
    }, 300_000);

    test("a restore is not begun by a slip of the hand", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/recovery`);
      await page.getByRole("button", { name: "Restore", exact: true }).click();
      const confirm = page.getByRole("button", { name: "Put aside and restore" });
      expect(await confirm.getAttribute("aria-disabled")).toBe("true");
      await page.getByRole("button", { name: "Cancel" }).click();
    });
  });
}
