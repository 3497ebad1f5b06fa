import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Actor } from "./support/actor.ts";
import { actor } from "./support/actor.ts";
import { expectAccessible } from "./support/axe.ts";
import type { TestPlatform } from "./support/platform.ts";
import { startChain, startPlatform } from "./support/platform.ts";
import type { World } from "./support/world.ts";

const MACH_MS = 240_000;
const NAME = "neighbour";

/** A chain that another program runs, on a platform of its own that may call this machine. */
export function attachStories(world: () => World): void {
  describe("a chain that others run", () => {
    let chain: Awaited<ReturnType<typeof startChain>>;
    let platform: TestPlatform;
    let person: Actor;

    beforeAll(async () => {
      chain = await startChain("--chain-id", "471102", "--l1-block-time", "1", "--block-time", "1", "--da", "calldata");
      const networks = join(chain.dataDir, "networks.json");
      const l1 = { id: "their-l1", name: "Their L1", chainId: 31337, rpcUrl: chain.endpoints.l1 };
      writeFileSync(networks, JSON.stringify([{ ...l1, development: true, blockTimeSeconds: 1 }]));
      platform = await startPlatform("--no-development", "--networks", networks, "--allow-private-addresses");
      person = await actor(world().browser);
    }, 180_000);

    afterAll(async () => {
      await person?.context.close();
      await platform?.stop();
      await chain?.stop();
    }, 90_000);

    test("is attached by its SystemConfig and an RPC, and its heads are seen", async () => {
      const { page } = person;
      await page.goto(platform.signInUrl);
      await page.getByRole("link", { name: "Attach a chain" }).click();
      await page.getByLabel("Name").fill(NAME);
      await page.getByLabel("SystemConfig").fill(chain.addresses.L1StandardBridgeProxy!);
      await page.getByLabel("RPC URL").fill(chain.endpoints.rpc);
      await page.getByRole("button", { name: "Attach", exact: true }).click();
      await page.getByText("Not attached").waitFor();
      await page.getByLabel("SystemConfig").fill(chain.addresses.SystemConfigProxy!);
      await page.getByRole("button", { name: "Attach", exact: true }).click();
      await page.getByRole("heading", { name: NAME, exact: true }).waitFor();
      await page.getByText("Running", { exact: true }).waitFor();
      await page.getByRole("rowheader", { name: "L1 origin" }).waitFor();
      await page
        .getByRole("row", { name: /^Block \d/ })
        .getByRole("link")
        .waitFor();
    }, 60_000);

    test("has none of the pages that are for whoever runs it", async () => {
      const { page } = person;
      const links = await page.getByRole("navigation", { name: NAME }).getByRole("link").allTextContents();
      expect(links.map((text) => text.trim())).toEqual(["Overview", "Explorer", "Bridge", "Settings"]);
      const path = new URL(page.url()).pathname;
      await page.goto(`${platform.url}${path}/keys`);
      await page.getByText("Others run this chain").waitFor();
      await page.goto(`${platform.url}${path}/settings`);
      await page.getByLabel("Batch lag alarm").waitFor();
      expect(await page.getByLabel("Chain id").count()).toBe(0);
      expect(await page.getByRole("button", { name: "Export" }).count()).toBe(0);
      await expectAccessible(page, "settings of an attached chain");
    });

    test("is explored like any other", async () => {
      const { page } = person;
      await page.getByRole("link", { name: "Explorer" }).click();
      await page.getByRole("heading", { name: "Blocks" }).waitFor();
      await page.getByRole("row").nth(2).waitFor();
      await page.getByRole("link", { name: "Overview" }).click();
    });

    test("is certified by operators of the platform's once its genesis and a peer are given", async () => {
      const { page } = person;
      await page.getByRole("button", { name: "Certify its blocks" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Peers").fill(chain.endpoints.gossip);
      await dialog.getByLabel("Operators").fill("2");
      await dialog.getByLabel("genesis.json").setInputFiles(join(chain.dataDir, "rollup.json"));
      await dialog.getByRole("button", { name: "Make the service" }).click();
      await dialog.getByText("No service was made").waitFor();
      await expectAccessible(page, "certify dialog");
      await dialog.getByLabel("genesis.json").setInputFiles(join(chain.dataDir, "genesis.json"));
      await dialog.getByRole("button", { name: "Make the service" }).click();
      await page.getByText("MACH: the platform runs 2 operators").waitFor({ timeout: MACH_MS });
      await page
        .getByRole("row", { name: /^Block certificate/ })
        .getByRole("link")
        .waitFor({ timeout: MACH_MS });
      await expectAccessible(page, "an attached chain with MACH");
      await page.getByRole("link", { name: "Staking" }).click();
      await page.getByRole("heading", { name: "Operators" }).waitFor();
    }, 600_000);

    test("is let go, and goes on", async () => {
      const { page } = person;
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Detach" }).click();
      const dialog = page.getByRole("dialog", { name: `Detach ${NAME}?` });
      await dialog.getByLabel(`Type ${NAME} to confirm`).fill(NAME);
      await dialog.getByRole("button", { name: "Detach it" }).click();
      await page.getByRole("heading", { name: "Rollups" }).waitFor();
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
      const headers = { "content-type": "application/json" };
      const answer = await fetch(chain.endpoints.rpc, { method: "POST", headers, body });
      expect(await answer.json()).toMatchObject({ result: "0x7303e" });
      expect(person.complaints).toEqual([]);
    }, 60_000);
  });
}
