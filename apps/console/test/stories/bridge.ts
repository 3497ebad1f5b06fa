import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const STEP_TIMEOUT_MS = 90_000;

export function bridgeStories(world: () => World): void {
  describe("the bridge", () => {
    test("asks for a wallet, and shows both balances once it has one", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/bridge`);
      await page.getByRole("button", { name: "Connect Test Wallet" }).click();
      await page.getByRole("heading", { name: "Deposit" }).waitFor();
      await page.getByRole("term").filter({ hasText: "On Development L1" }).waitFor();
      await expectAccessible(page, "bridge");
    });

    test("does not take what is no amount, nor more than there is", async () => {
      const { page } = world().owner;
      await page.getByLabel("Amount to deposit").fill("1,5");
      await page.getByText("Enter an amount, such as 0.5.").waitFor();
      await page.getByLabel("Amount to deposit").fill("99999999999");
      await page.getByText(/^You have [\d.,]+ ETH there\.$/).waitFor();
      expect(await page.getByRole("button", { name: "Deposit" }).getAttribute("aria-disabled")).toBe("true");
    });

    test("a refusal in the wallet is told, and nothing is moved", async () => {
      const { owner, wallet } = world();
      await owner.page.getByLabel("Amount to deposit").fill("1");
      wallet.refuseNext = true;
      await owner.page.getByRole("button", { name: "Deposit" }).click();
      await owner.page.getByRole("alert").filter({ hasText: "Not deposited" }).waitFor();
    });

    test("a deposit goes through its stages and arrives", async () => {
      const { owner, l2, account } = world();
      const before = await l2.getBalance({ address: account.address });
      await owner.page.getByLabel("Amount to deposit").fill("1.25");
      await owner.page.getByRole("button", { name: "Deposit" }).click();
      await owner.page.getByText("On the rollup (done)").waitFor({ timeout: STEP_TIMEOUT_MS });
      expect((await l2.getBalance({ address: account.address })) - before).toBe(1_250_000_000_000_000_000n);
    }, 120_000);

    test("a withdrawal is started, proven and paid out, each by one button", async () => {
      const { page } = world().owner;
      await page.getByLabel("Amount to withdraw").fill("0.25");
      await page.getByRole("button", { name: "Withdraw" }).click();
      const mine = page.getByRole("listitem").filter({ hasText: "0.25 ETH" });
      await mine.waitFor({ timeout: STEP_TIMEOUT_MS });
      await mine.getByRole("button", { name: "Prove" }).click({ timeout: STEP_TIMEOUT_MS });
      await mine.getByRole("button", { name: "Get paid" }).click({ timeout: STEP_TIMEOUT_MS });
      await mine.getByText("Paid out", { exact: true }).first().waitFor({ timeout: STEP_TIMEOUT_MS });
      await expectAccessible(page, "withdrawals");
    }, 300_000);

    test("the faucet gives ether to any address, and not to what is none", async () => {
      const { owner, l2 } = world();
      const poor = "0x00000000000000000000000000000000000fa0ce";
      await owner.page.goto(`${world().platform.url}${world().rollupPath}/faucet`);
      await owner.page.getByLabel("Address").fill("0x12");
      await owner.page.getByRole("button", { name: "Send ether" }).click();
      await owner.page.getByText("An address is 0x and 40 hex digits.").waitFor();
      await owner.page.getByLabel("Address").fill(poor);
      await owner.page.getByRole("button", { name: "Send ether" }).click();
      await owner.page.getByText(/ETH sent$/).waitFor();
      await expect.poll(() => l2.getBalance({ address: poor }), { timeout: 15_000 }).toBeGreaterThan(0n);
    });
  });
}
