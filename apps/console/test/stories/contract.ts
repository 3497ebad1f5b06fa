import type { Hex } from "viem";
import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import { compileGold, GOLD_RUNS, GOLD_SOURCE } from "./support/gold.ts";
import type { World } from "./support/world.ts";

const OTHER = "0x00000000000000000000000000000000000000b1";
const VERIFY_TIMEOUT_MS = 90_000;
/** Hands what it is sent to the address in the call's data. */
const FORWARDER: Hex = "0x600f600c600039600f6000f36000600060006000346000355af100";

export function contractStories(world: () => World): void {
  const send = async (call: { to?: Hex; data?: Hex; value?: bigint }) => {
    const { user, l2, account } = world();
    const hash = await user.sendTransaction({ chain: null, account, ...call });
    return l2.waitForTransactionReceipt({ hash, timeout: 60_000 });
  };
  const open = async (address: Hex) => {
    const { owner, platform, rollupPath } = world();
    await owner.page.goto(`${platform.url}${rollupPath}/explorer/addresses/${address}`);
  };

  describe("a contract", () => {
    let gold: Hex;

    test("is verified by its source, and not by another", async () => {
      const { page } = world().owner;
      gold = (await send({ data: compileGold().bytecode })).contractAddress ?? "0x";
      await open(gold);
      await page.getByText("source not verified").waitFor();
      const form = page.getByRole("form", { name: "Verify the source" });
      await form.getByRole("button", { name: "Verify" }).click();
      await form.getByText("Paste the source.").waitFor();
      await form.getByLabel("Solidity file, or standard JSON input").fill(GOLD_SOURCE);
      await form.getByLabel("Optimizer runs").fill("1");
      await form.getByRole("button", { name: "Verify" }).click();
      await page
        .getByRole("alert")
        .filter({ hasText: "these sources make other code" })
        .waitFor({ timeout: VERIFY_TIMEOUT_MS });
      await expectAccessible(page, "verification");
      await form.getByLabel("Optimizer runs").fill(String(GOLD_RUNS));
      await form.getByRole("button", { name: "Verify" }).click();
      await page.getByText("Verified, full match").waitFor({ timeout: VERIFY_TIMEOUT_MS });
      await page.getByText("contract Gold {").waitFor();
      await expectAccessible(page, "verified contract");
    }, 240_000);

    test("is asked by its own functions", async () => {
      const { page } = world().owner;
      const { account } = world();
      await page.getByRole("tab", { name: "Read" }).click();
      await page.getByText("balanceOf(address)").click();
      const form = page.getByRole("form", { name: "balanceOf" });
      await form.getByRole("button", { name: "Ask" }).click();
      await form.getByText("An address is 0x and 40 hex digits.").waitFor();
      await form.getByRole("textbox").fill(account.address);
      await form.getByRole("button", { name: "Ask" }).click();
      await form.getByRole("status").getByText("1000000000", { exact: true }).waitFor();
      await expectAccessible(page, "reading a contract");
    }, 60_000);

    test("is written to by the visitor's wallet, and the transaction reads by the verified source", async () => {
      const { page } = world().owner;
      await page.getByRole("tab", { name: "Write" }).click();
      const connect = page.getByRole("button", { name: "Connect Test Wallet" });
      await connect.click();
      await page.getByText("engrave(string)").click();
      const form = page.getByRole("form", { name: "engrave" });
      await form.getByRole("textbox").fill("<b>for ever</b>");
      await form.getByRole("button", { name: "Send" }).click();
      await form.getByText("Sent", { exact: true }).waitFor();
      await form.getByRole("link").first().click();
      await page.getByText("decoded by the verified source").waitFor({ timeout: 60_000 });
      await page.getByText("Engraved", { exact: true }).waitFor();
      await page.getByText("<b>for ever</b>").first().waitFor();
      const trace = page.getByRole("region", { name: "Trace" });
      await trace.getByText("Gold", { exact: true }).waitFor();
      await trace.getByRole("button", { name: "engrave" }).click();
      await trace.getByText("<b>for ever</b>").waitFor();
      expect(await page.locator("main b").count()).toBe(0);
    }, 120_000);

    test("that pays somebody out is seen on the page of whom it paid", async () => {
      const { page } = world().owner;
      const forwarder = (await send({ data: FORWARDER })).contractAddress ?? "0x";
      const data: Hex = `0x${OTHER.slice(2).padStart(64, "0")}`;
      const { transactionHash } = await send({ to: forwarder, value: 5n * 10n ** 17n, data });
      await open(OTHER);
      const row = page.getByRole("region", { name: "Internal calls" }).getByRole("row").filter({ hasText: "0.5 ETH" });
      await row.waitFor({ timeout: 60_000 });
      await expectAccessible(page, "internal calls");

      const { platform, rollupPath } = world();
      await page.goto(`${platform.url}${rollupPath}/explorer/transactions/${transactionHash}`);
      const trace = page.getByRole("region", { name: "Trace" });
      await trace.getByText("2 calls, 2 deep").waitFor();
      expect(await trace.getByText("0.5 ETH").count()).toBe(2);
      const fold = trace.getByRole("button", { name: /^Calls made by/ });
      expect(await fold.getAttribute("aria-expanded")).toBe("true");
      await fold.press("Enter");
      expect(await trace.getByText("0.5 ETH").count()).toBe(1);
      await expectAccessible(page, "trace");
    }, 90_000);

    test("stands with its transactions in the list of what users sent, newest first", async () => {
      const { page } = world().owner;
      const { platform, rollupPath } = world();
      await page.goto(`${platform.url}${rollupPath}/explorer`);
      await page.getByRole("link", { name: "Transactions", exact: true }).click();
      const rows = page.getByRole("group", { name: "Transactions" }).getByRole("row");
      await rows.nth(1).getByText("0.5 ETH").waitFor();
      expect(await rows.getByText("deposit", { exact: true }).count()).toBe(0);
      await page.getByLabel("With deposits and the system's own").check();
      await rows.getByText("deposit", { exact: true }).first().waitFor();
      expect(new URL(page.url()).search).toBe("?deposits=true");
      await page.getByLabel("Block number, transaction hash, address or token").fill("gld");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByText("Verified, full match").waitFor({ timeout: VERIFY_TIMEOUT_MS });
    }, 120_000);
  });
}
