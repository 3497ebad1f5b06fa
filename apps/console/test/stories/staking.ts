import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const STEP_TIMEOUT_MS = 90_000;

export function stakingStories(world: () => World): void {
  describe("staking", () => {
    /** The weight that the first operator's row shows in WETH. */
    const weight = async (): Promise<number> => {
      const { page } = world().owner;
      const cell = page.getByRole("group", { name: "Operators" }).getByRole("row").nth(1).getByRole("cell").first();
      return Number((await cell.textContent())?.split(/\s/)[0]?.replaceAll(",", ""));
    };

    test("shows who stands behind the rollup's certificates, with how much, and that they sign", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}`);
      await page.getByRole("link", { name: "Staking" }).click();
      const table = page.getByRole("group", { name: "Operators" });
      await table.getByRole("row").nth(1).waitFor({ timeout: STEP_TIMEOUT_MS });
      expect(await weight()).toBeGreaterThan(0);
      await table
        .getByText(/^[1-9]\d* of \d+$/)
        .first()
        .waitFor({ timeout: STEP_TIMEOUT_MS });
      await page.getByText("Slashable in time", { exact: true }).waitFor();
      await page.getByRole("heading", { name: "Nobody was slashed" }).waitFor();
      await expectAccessible(page, "staking");
    }, 120_000);

    test("takes no amount that is none, nor more than there is", async () => {
      const { page } = world().owner;
      await page.getByRole("button", { name: "Connect Test Wallet" }).click();
      await page.getByRole("heading", { name: "My stake" }).waitFor({ timeout: STEP_TIMEOUT_MS });
      await page.getByLabel("Token").selectOption({ label: await wethOption() });
      await page.getByLabel("Amount to stake").fill("1,5");
      await page.getByText("Enter an amount, such as 0.5.").waitFor();
      await page.getByLabel("Amount to stake").fill("99999999999");
      await page.getByText(/^You have [\d.,]+ WETH there\.$/).waitFor();
      const button = page.getByRole("button", { name: "Deposit stake" });
      expect(await button.getAttribute("aria-disabled")).toBe("true");
      await expectAccessible(page, "staking with a wallet");
    }, 120_000);

    test("a refusal in the wallet is told, and nothing is staked", async () => {
      const { owner, wallet } = world();
      await owner.page.getByLabel("Amount to stake").fill("2");
      wallet.refuseNext = true;
      await owner.page.getByRole("button", { name: "Deposit stake" }).click();
      await owner.page.getByRole("alert").filter({ hasText: "Not deposited" }).waitFor({ timeout: STEP_TIMEOUT_MS });
    }, 120_000);

    test("stake is deposited and delegated, and the operator's weight follows", async () => {
      const { page } = world().owner;
      const before = await weight();
      await page.getByLabel("Amount to stake").fill("2");
      await page.getByRole("button", { name: "Deposit stake" }).click();
      for (const step of ["Wrap ether", "Approve the deposit", "Deposit"]) {
        await page.getByText(`${step} (done)`, { exact: true }).waitFor({ timeout: STEP_TIMEOUT_MS });
      }
      const operators = page.getByLabel("Operator", { exact: true });
      await operators.selectOption({ index: 1 });
      await page.getByRole("button", { name: "Delegate" }).click();
      await page.getByRole("button", { name: "Undelegate" }).waitFor({ timeout: STEP_TIMEOUT_MS });
      await page.getByRole("button", { name: "Refresh weights" }).click();
      await page.getByText(/^Refresh \d+ operators \(done\)$/).waitFor({ timeout: STEP_TIMEOUT_MS });
      await expect.poll(weight, { timeout: STEP_TIMEOUT_MS }).toBe(before + 2);
    }, 300_000);

    test("a withdrawal is queued, and tells how long it waits", async () => {
      const { page } = world().owner;
      await page.getByLabel("Amount to unstake").fill("0.5");
      await page.getByRole("button", { name: "Queue the withdrawal" }).click();
      const mine = page.getByRole("listitem").filter({ hasText: "0.5 WETH" });
      await mine.getByText(/^About .+ to wait, [\d,]+ L1 blocks$/).waitFor({ timeout: STEP_TIMEOUT_MS });
      expect(await page.getByRole("button", { name: "Get paid" }).count()).toBe(0);
      await expectAccessible(page, "staking withdrawals");
    }, 180_000);

    async function wethOption(): Promise<string> {
      const options = await world().owner.page.getByLabel("Token").getByRole("option").allTextContents();
      return options.find((text) => text.startsWith("WETH")) ?? "";
    }
  });
}
