import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const LAUNCH_TIMEOUT_MS = 60_000;

export function launchStories(world: () => World): void {
  describe("launching by the wizard", () => {
    test("the first rollup is in the list, live", async () => {
      const { page } = world().owner;
      await page.goto(world().platform.url);
      const row = page.getByRole("row").nth(1);
      await row.getByText("Running").waitFor();
      await row
        .getByRole("cell", { name: /^[\d,]+$/ })
        .first()
        .waitFor();
      await row.getByRole("link").click();
      await page.getByRole("heading", { name: "Finality" }).waitFor();
      world().rollupPath = new URL(page.url()).pathname;
    });

    test("every field tells what it costs, whom users trust for it, and whether it can change", async () => {
      const { page } = world().owner;
      await page.goto(world().platform.url);
      await page.getByRole("link", { name: "Launch a rollup" }).click();
      await page.getByRole("heading", { name: "Basics" }).waitFor();
      for (const name of ["Cost", "Trust", "Change later"])
        await page.getByText(name, { exact: true }).first().waitFor();
      await expectAccessible(page, "wizard");
    });

    test("wrong input is named at its field, and does not get past the review", async () => {
      const { page } = world().owner;
      await page.getByLabel("Name").fill("Not A Name!");
      await page.getByLabel("Chain id").fill("12x");
      await page.getByLabel("Block time").fill("99");
      await page.getByRole("button", { name: "Review and launch" }).click();
      await page.getByRole("heading", { name: "Basics" }).waitFor();
      await page.getByText("Enter a number.").waitFor();
      await page.getByText("At most 12.").waitFor();
      expect(await page.getByLabel("Name").getAttribute("aria-invalid")).toBe("true");
      expect(await page.getByRole("button", { name: "Launch", exact: true }).count()).toBe(0);

      await page.getByRole("link", { name: /^Owners/ }).click();
      await page.getByLabel("Owner", { exact: true }).fill("0x1234");
      await page.getByText("An address is 0x and 40 hex digits.").waitFor();
      await expectAccessible(page, "wizard with problems");
      await page.getByLabel("Owner", { exact: true }).fill(world().account.address);
      await page.getByRole("link", { name: /^Basics/ }).click();
    });

    test("a name that is taken is refused by the control plane, in its own words", async () => {
      const { page } = world().owner;
      const taken = await page.evaluate(async () => {
        const session = await (await fetch("/api/v1/session")).json();
        return (await (await fetch(`/api/v1/teams/${session.teams[0].id}/rollups`)).json()).items[0].name as string;
      });
      await page.getByLabel("Name").fill(taken);
      await page.getByLabel("Chain id").fill("420420");
      await page.getByLabel("Block time").fill("1");
      await page.getByRole("button", { name: "Review and launch" }).click();
      await page.getByRole("alert").filter({ hasText: "is taken" }).waitFor();
      expect(await page.getByRole("button", { name: "Launch", exact: true }).getAttribute("aria-disabled")).toBe(
        "true",
      );
      await page.getByRole("link", { name: /^Basics/ }).click();
      expect(await page.getByLabel("Name").getAttribute("aria-invalid")).toBe("true");
    });

    test("with a good name the plan is shown, and the rollup launched, step by step, until it runs", async () => {
      const { page } = world().owner;
      await page.getByLabel("Name").fill("arcade");
      await page.getByRole("button", { name: "Review and launch" }).click();
      await page.getByRole("heading", { name: "What the launch does" }).waitFor();
      await page.getByText("Deploy the L1 contracts").waitFor();
      await expectAccessible(page, "review");
      await page.getByRole("button", { name: "Launch", exact: true }).click();
      await page.getByRole("heading", { name: "arcade", exact: true }).waitFor();
      await page.getByText("Running", { exact: true }).waitFor({ timeout: LAUNCH_TIMEOUT_MS });
      await page.getByText(/launched in [\d.]+ s/).waitFor();
    }, 90_000);

    test("its page shows the ladder with live heads, and how to connect", async () => {
      const { page } = world().owner;
      const block = page.getByRole("row", { name: /^Block \d/ }).getByRole("link");
      await block.waitFor();
      const first = Number((await block.textContent())?.replaceAll(",", ""));
      await page.waitForFunction(
        (seen) =>
          [...document.querySelectorAll("tr")].some(
            (row) =>
              row.querySelector("th")?.textContent === "Block" &&
              Number(row.querySelector("a")?.textContent?.replaceAll(",", "")) > seen,
          ),
        first,
        { timeout: 20_000 },
      );
      for (const rung of ["Slice", "Slice certificate", "Block certificate", "Safe", "Finalized", "Settled"]) {
        await page.getByRole("rowheader", { name: rung, exact: true }).waitFor();
      }
      await page.getByRole("button", { name: "Copy the JSON-RPC URL" }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^http:\/\/127\.0\.0\.1:\d+/);
    }, 60_000);

    test("the wallet gets the new chain by one button", async () => {
      const { owner, wallet } = world();
      await owner.page.getByRole("button", { name: "Add to wallet" }).click();
      await owner.page.getByText("arcade is in your wallet.").waitFor();
      expect(wallet.chains.get(420_420)).toMatch(/^http/);
    });

    test("it is stopped after a question, and started again", async () => {
      const { page } = world().owner;
      await page.getByRole("button", { name: "Stop" }).click();
      const dialog = page.getByRole("dialog", { name: "Stop arcade?" });
      await expectAccessible(page, "stop dialog");
      await dialog.getByRole("button", { name: "Keep it running" }).click();
      await page.getByRole("button", { name: "Stop" }).click();
      await dialog.getByRole("button", { name: "Stop" }).click();
      await page.getByText("Stopped", { exact: true }).waitFor({ timeout: 30_000 });
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByText("Running", { exact: true }).waitFor({ timeout: LAUNCH_TIMEOUT_MS });
    }, 120_000);
  });
}
