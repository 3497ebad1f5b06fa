import { describe, expect, test } from "vitest";
import { actor } from "./support/actor.ts";
import { testWallet } from "./support/wallet.ts";
import type { World } from "./support/world.ts";
import { rich } from "./support/world.ts";

export function teamStories(world: () => World): void {
  const teamPath = () => world().rollupPath.split("/").slice(0, 3).join("/");

  describe("teams", () => {
    test("another person signs in with Ethereum, makes a team, and sees nothing of the first", async () => {
      const { browser, platform, rollupPath } = world();
      const stranger = rich(5);
      const { page, context, complaints } = await actor(browser, {
        wallet: testWallet(stranger, new Map([[31337, platform.l1]])),
      });
      await page.goto(platform.url);
      await page.getByRole("button", { name: "Continue with Test Wallet" }).click();
      await page
        .getByRole("heading", { name: "Name your team" })
        .or(page.getByRole("heading", { name: "Rollups", exact: true }))
        .waitFor();
      if (await page.getByRole("heading", { name: "Name your team" }).isVisible()) {
        await page.getByLabel("Team name").fill("Strangers");
        await page.getByRole("button", { name: "Create the team" }).click();
      }
      await page.getByText("No rollups yet").waitFor();
      for (const path of [rollupPath, `${rollupPath}/settings`, `${rollupPath}/explorer`, `${teamPath()}/members`]) {
        await page.goto(platform.url + path);
        await page.getByText("There is nothing here").waitFor();
      }
      expect(complaints).toEqual([]);
      await context.close();
    }, 60_000);

    test("an owner adds a viewer, who then looks but may not touch", async () => {
      const { owner, browser, platform, rollupPath } = world();
      const viewer = rich(6);
      await owner.page.goto(`${platform.url}${teamPath()}/members`);
      await owner.page.getByRole("button", { name: "Add a member" }).click();
      const dialog = owner.page.getByRole("dialog", { name: "Add a member" });
      await dialog.getByLabel("Ethereum address").fill("nobody");
      await dialog.getByText("An address is 0x and 40 hex digits.").waitFor();
      await dialog.getByLabel("Ethereum address").fill(viewer.address);
      await dialog.getByLabel("Name").fill("Vera");
      await dialog.getByRole("button", { name: "Add", exact: true }).click();
      await owner.page.getByRole("rowheader", { name: "Vera" }).waitFor();

      const { page, context } = await actor(browser, { wallet: testWallet(viewer, new Map([[31337, platform.l1]])) });
      await page.goto(platform.url + rollupPath);
      await page.getByRole("button", { name: "Continue with Test Wallet" }).click();
      await page.getByRole("heading", { name: "Finality" }).waitFor();
      const stop = page.getByRole("button", { name: "Stop" });
      expect(await stop.getAttribute("aria-disabled")).toBe("true");
      expect(await stop.getAttribute("title")).toBe("Only operators and owners of this team can do this.");
      await page.goto(`${platform.url}${rollupPath}/logs`);
      await page.getByText("You do not see the logs").waitFor();
      await context.close();
    }, 60_000);

    test("a token is shown once, works for programs, and not after it was revoked", async () => {
      const { owner, platform } = world();
      const { page } = owner;
      await page.goto(`${platform.url}${teamPath()}/tokens`);
      await page.getByRole("button", { name: "Make a token" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("deploy script");
      await dialog.getByRole("button", { name: "Make", exact: true }).click();
      await dialog.getByText("Copy it now").waitFor();
      const token = (await dialog.getByText(/alt_/).textContent())?.trim() ?? "";
      await dialog.getByRole("button", { name: "Done" }).click();
      await page.getByRole("rowheader", { name: "deploy script" }).waitFor();
      expect(await page.getByText(token).count()).toBe(0);
      const call = () =>
        fetch(`${platform.url}/api/v1${teamPath()}/rollups`, { headers: { authorization: `Bearer ${token}` } });
      expect((await call()).status).toBe(200);
      await page.getByRole("button", { name: "Revoke deploy script" }).click();
      const question = page.getByRole("dialog", { name: "Revoke deploy script?" });
      await question.getByRole("button", { name: "Keep it" }).click();
      expect((await call()).status).toBe(200);
      await page.getByRole("button", { name: "Revoke deploy script" }).click();
      await question.getByRole("button", { name: "Revoke" }).click();
      await page.getByText("deploy script is revoked.").waitFor();
      expect((await call()).status).toBe(401);
    });

    test("the audit tells who did it", async () => {
      const { page } = world().owner;
      await page.goto(`${world().platform.url}${teamPath()}/audit`);
      await page.getByRole("row").nth(3).waitFor();
      expect(await page.getByRole("cell", { name: /token/i }).count()).toBeGreaterThan(0);
    });
  });
}
