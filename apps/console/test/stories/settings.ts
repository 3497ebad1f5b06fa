import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

export function settingsStories(world: () => World): void {
  describe("settings", () => {
    test("what never changes cannot be changed", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/settings`);
      await page.getByLabel("Chain id").waitFor();
      expect(await page.getByLabel("Chain id").isDisabled()).toBe(true);
      expect(await page.getByLabel("Batch lag alarm").isDisabled()).toBe(false);
    });

    test("a change is shown as a plan before it is made, and stands in the revisions afterwards", async () => {
      const { page } = world().owner;
      await page.getByLabel("Batch lag alarm").fill("45");
      await page.getByRole("button", { name: "See the plan" }).click();
      const dialog = page.getByRole("dialog", { name: "What this change does" });
      await dialog.getByText("30 minutes").waitFor();
      await dialog.getByText("45 minutes").waitFor();
      await expectAccessible(page, "plan");
      await dialog.getByRole("button", { name: "Apply" }).click();
      await page.getByText(/^Revision 2 is being applied/).waitFor();
      await page.getByText("Revision 2.", { exact: false }).first().waitFor();
      await page.getByRole("row", { name: /^2 .*Batch lag alarm/ }).waitFor();
    });

    test("a change out of bounds is stopped at its field", async () => {
      const { page } = world().owner;
      await page.getByLabel("Batch lag alarm").fill("0");
      await page.getByText("At least 1.").waitFor();
      expect(await page.getByRole("button", { name: "See the plan" }).getAttribute("aria-disabled")).toBe("true");
      await page.getByRole("button", { name: "Discard" }).click();
      expect(await page.getByLabel("Batch lag alarm").inputValue()).toBe("45");
    });

    test("rolling back makes the old settings a new revision", async () => {
      const { page } = world().owner;
      await page.getByRole("button", { name: "Roll back to revision 1" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
      await page.getByText(/^Back to revision 1/).waitFor();
      await page.getByRole("row", { name: /^3 / }).waitFor();
      expect(await page.getByLabel("Batch lag alarm").inputValue()).toBe("30");
    });

    test("the log is read as it is written", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/logs`);
      await page.getByLabel("From level").selectOption("debug");
      await page.getByRole("list", { name: "Lines, newest last" }).getByRole("listitem").first().waitFor();
      await page.getByLabel("Only lines that contain").fill("no line contains this");
      await page.getByRole("heading", { name: "No lines" }).waitFor();
    });
  });
}
