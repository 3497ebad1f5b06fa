import type { Hex } from "viem";
import { createPublicClient, createWalletClient, http, parseAbi } from "viem";
import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import { compileGold, compileShy } from "./support/gold.ts";
import type { World } from "./support/world.ts";

const STEP_TIMEOUT_MS = 90_000;
const BALANCE = parseAbi(["function balanceOf(address) view returns (uint256)"]);
const BRIDGE = parseAbi([
  "function approve(address spender, uint256 amount) returns (bool)",
  "function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)",
]);
const CREATED = parseAbi([
  "event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer)",
]);

export function tokenBridgeStories(world: () => World): void {
  describe("the bridge of tokens", () => {
    let gold: Hex;
    const l1 = () => createPublicClient({ transport: http(world().platform.l1), pollingInterval: 100 });
    const balance = (client: Pick<World["l2"], "readContract">, token: Hex) =>
      client.readContract({ address: token, abi: BALANCE, functionName: "balanceOf", args: [world().account.address] });
    /** The rollup's token for gold. */
    const counterpart = async (): Promise<Hex> => {
      const [log] = await world().l2.getLogs({ event: CREATED[0], args: { remoteToken: gold }, fromBlock: 0n });
      return log?.args.localToken ?? "0x";
    };

    test("makes the rollup's token for one of the settlement chain, once", async () => {
      const { account, owner, platform, rollupPath } = world();
      const deployer = createWalletClient({ account, transport: http(platform.l1) });
      const hash = await deployer.deployContract({ ...compileGold(), chain: null });
      gold = (await l1().waitForTransactionReceipt({ hash, timeout: 60_000 })).contractAddress ?? "0x";
      const { page } = owner;
      await page.goto(`${platform.url}${rollupPath}/bridge`);
      await page.getByRole("button", { name: "Connect Test Wallet" }).click();
      await page.getByLabel("Asset").selectOption("Another token, by its address");
      await page.getByLabel("Token on Development L1").fill("0x12");
      await page.getByText("An address is 0x and 40 hex digits.").waitFor();
      await page.getByLabel("Token on Development L1").fill(account.address);
      await page.getByText("There is no token at this address on Development L1").waitFor();
      await page.getByLabel("Token on Development L1").fill(gold);
      await page.getByText(/^GLD is not on /).waitFor();
      expect(await page.getByRole("button", { name: "Deposit" }).count()).toBe(0);
      await expectAccessible(page, "bridge of an unknown token");
      await page.getByRole("button", { name: /^Create it on / }).click();
      await page.getByRole("button", { name: "Deposit" }).waitFor({ timeout: STEP_TIMEOUT_MS });
    }, 180_000);

    test("a deposit asks for no more than its amount, and arrives", async () => {
      const { owner, l2 } = world();
      await owner.page.getByLabel("Amount to deposit").fill("1000.5");
      await owner.page.getByText("You have 1,000 GLD there.").waitFor();
      await owner.page.getByLabel("Amount to deposit").fill("12.5");
      await owner.page.getByRole("button", { name: "Deposit" }).click();
      await owner.page.getByText("On the rollup (done)").waitFor({ timeout: 2 * STEP_TIMEOUT_MS });
      expect(await balance(l2, await counterpart())).toBe(12_500_000n);
      expect(await balance(l1(), gold)).toBe(987_500_000n);
      await expectAccessible(owner.page, "bridge of a token");
    }, 240_000);

    test("a withdrawal is started, proven and paid out in the token", async () => {
      const { owner, l2 } = world();
      const { page } = owner;
      await page.getByLabel("Amount to withdraw").fill("2.25");
      await page.getByRole("button", { name: "Withdraw" }).click();
      const mine = page.getByRole("listitem").filter({ hasText: "2.25 GLD" });
      await mine.waitFor({ timeout: STEP_TIMEOUT_MS });
      await mine.getByRole("button", { name: "Prove" }).click({ timeout: STEP_TIMEOUT_MS });
      await mine.getByRole("button", { name: "Get paid" }).click({ timeout: STEP_TIMEOUT_MS });
      await mine.getByText("Paid out", { exact: true }).first().waitFor({ timeout: STEP_TIMEOUT_MS });
      expect(await balance(l1(), gold)).toBe(989_750_000n);
      expect(await balance(l2, await counterpart())).toBe(10_250_000n);
    }, 400_000);

    test("a deposit that failed on the rollup is shown, and relayed again by one button once it can succeed", async () => {
      const { account, owner, platform, rollupPath, user, l2 } = world();
      const { page } = owner;
      const { abi, bytecode } = compileShy();
      const made = await user.deployContract({ abi, bytecode, args: [gold], chain: null, account });
      const shy = (await l2.waitForTransactionReceipt({ hash: made, timeout: 60_000 })).contractAddress ?? "0x";
      const bridge = await page.evaluate(async (path) => {
        const rollup = await (await fetch(`/api/v1${path}`)).json();
        return rollup.contracts.L1StandardBridgeProxy as Hex;
      }, rollupPath);
      const sender = createWalletClient({ account, transport: http(platform.l1) });
      const mined = async (hash: Hex) => await l1().waitForTransactionReceipt({ hash, timeout: 60_000 });
      const approval = { abi: BRIDGE, functionName: "approve", args: [bridge, 3_500_000n], chain: null } as const;
      await mined(await sender.writeContract({ address: gold, ...approval }));
      const args = [gold, shy, account.address, 3_500_000n, 200_000, "0x"] as const;
      const call = { address: bridge, abi: BRIDGE, functionName: "bridgeERC20To", args, chain: null } as const;
      expect((await mined(await sender.writeContract(call))).status).toBe("success");

      const stuck = page.getByRole("region", { name: "Deposits that did not arrive" });
      await stuck.getByText("3.5 SHY").waitFor({ timeout: STEP_TIMEOUT_MS });
      await expectAccessible(page, "stuck deposit");
      await stuck.getByRole("button", { name: "Relay again" }).click();
      await stuck.getByText(/^It failed again/).waitFor({ timeout: STEP_TIMEOUT_MS });
      expect(await balance(l2, shy)).toBe(0n);

      const opened = await user.writeContract({ address: shy, abi, functionName: "open", chain: null, account });
      await l2.waitForTransactionReceipt({ hash: opened, timeout: 60_000 });
      await stuck.getByRole("button", { name: "Relay again" }).click();
      await page.getByText("It has arrived on the rollup.").waitFor({ timeout: STEP_TIMEOUT_MS });
      expect(await balance(l2, shy)).toBe(3_500_000n);
      await stuck.waitFor({ state: "detached", timeout: STEP_TIMEOUT_MS });
    }, 400_000);
  });
}
