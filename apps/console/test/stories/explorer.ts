import { packageContract } from "@altlayer/contracts";
import type { Hex } from "viem";
import { encodeDeployData, encodeFunctionData, parseEther } from "viem";
import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const EVIL_NAME = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const EVIL_SYMBOL = "USD\u202eC";
const OTHER = "0x00000000000000000000000000000000000000b0";

export function explorerStories(world: () => World): void {
  const send = async (call: { to?: Hex; data?: Hex; value?: bigint }) => {
    const { user, l2, account } = world();
    const hash = await user.sendTransaction({ chain: null, account, ...call });
    return l2.waitForTransactionReceipt({ hash, timeout: 30_000 });
  };

  describe("the explorer", () => {
    let transfer: Hex;
    let token: Hex;

    test("shows blocks as they are made, and finds one by its number", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${world().rollupPath}/explorer`);
      await page.getByRole("heading", { name: "Blocks" }).waitFor();
      await page.getByRole("rowheader").first().waitFor();
      await page
        .getByRole("searchbox")
        .or(page.getByLabel("Block number, transaction hash, address or token"))
        .fill("1");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByRole("heading", { name: "Block 1", exact: true }).waitFor();
      await page.getByRole("link", { name: "Previous block" }).click();
      await page.getByRole("heading", { name: "Block 0", exact: true }).waitFor();
      await page.getByLabel("Block number, transaction hash, address or token").fill("what is this");
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByText("Enter a block number, a transaction hash, an address, or a token's name.").waitFor();
    });

    test("a transfer is shown with its value, fee and ladder, which rises while one watches", async () => {
      const { page } = world().owner;
      transfer = (await send({ to: OTHER, value: parseEther("1.5") })).transactionHash;
      await page.getByLabel("Block number, transaction hash, address or token").fill(transfer);
      await page.getByRole("button", { name: "Search" }).click();
      await page.getByRole("heading", { name: "Transaction", exact: true }).waitFor();
      await page.getByText("Succeeded").waitFor();
      await page.getByText("1.5 ETH", { exact: true }).first().waitFor();
      const safe = page.getByRole("listitem").filter({ hasText: /^Safe/ });
      await safe
        .filter({ hasText: "reached" })
        .or(safe.filter({ hasText: /\+\d/ }))
        .waitFor({ timeout: 60_000 });
      await expectAccessible(page, "transaction");
    }, 90_000);

    test("a token with a hostile name is inert, everywhere it appears", async () => {
      const { page, complaints } = world().owner;
      const { abi, bytecode } = packageContract("OptimismMintableERC20");
      const bridge = world().account.address;
      const data = encodeDeployData({ abi, bytecode, args: [bridge, OTHER, EVIL_NAME, EVIL_SYMBOL, 6] });
      token = (await send({ data })).contractAddress ?? "0x";
      const mint = encodeFunctionData({ abi, functionName: "mint", args: [OTHER, 2_500_000n] });
      const minted = await send({ to: token, data: mint });

      const base = `${world().platform.url}${world().rollupPath}/explorer`;
      await page.goto(`${base}/addresses/${token}`);
      await page.getByRole("heading", { name: EVIL_NAME.slice(0, 64) }).waitFor();
      await page.getByRole("cell", { name: "2.5 USD\ufffdC" }).waitFor();
      expect(await page.locator("main img, main script").count()).toBe(0);
      await expectAccessible(page, "token");

      await page.goto(`${base}/tokens`);
      await page
        .getByRole("row")
        .filter({ hasText: EVIL_NAME.slice(0, 40) })
        .getByRole("cell", { name: "ERC-20" })
        .waitFor();
      expect(await page.locator("main img, main script").count()).toBe(0);

      await page.goto(`${base}/transactions/${minted.transactionHash}`);
      await page.getByText("2.5 USD\ufffdC").first().waitFor();
      await page.getByRole("heading", { name: /events?$/ }).waitFor();
      expect(complaints).toEqual([]);
    }, 60_000);

    test("a call is decoded by its selector, and traced", async () => {
      const { page } = world().owner;
      const { abi } = packageContract("OptimismMintableERC20");
      const mint = encodeFunctionData({ abi, functionName: "mint", args: [world().account.address, 7n] });
      await send({ to: token, data: mint });
      const data = encodeFunctionData({ abi, functionName: "transfer", args: [OTHER, 7n] });
      const { transactionHash } = await send({ to: token, data });
      await page.goto(`${world().platform.url}${world().rollupPath}/explorer/transactions/${transactionHash}`);
      await page.getByText("decoded by its selector").waitFor();
      await page.getByText("transfer", { exact: true }).first().waitFor();
      await page.getByRole("heading", { name: "Trace" }).waitFor();
      await page.getByText("1 call", { exact: true }).waitFor();
    }, 60_000);

    test("what does not exist is said not to", async () => {
      const { page } = world().owner;
      const base = `${world().platform.url}${world().rollupPath}/explorer`;
      await page.goto(`${base}/blocks/99999999`);
      await page.getByText("There is no such block").waitFor();
      await page.goto(`${base}/transactions/0x${"ab".repeat(32)}`);
      await page.getByText("No such transaction is known").waitFor();
      await page.goto(`${base}/addresses/javascript:alert(1)`);
      await page.getByText("This is no address").waitFor();
    });
  });
}
