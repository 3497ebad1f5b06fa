import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

const LAUNCH_MS = 90_000;

export function upgradeStories(world: () => World): void {
  describe("a network upgrade", () => {
    let settings: string;

    test("is offered where there is a newer fork, with the way to rehearse it", async () => {
      const { page } = world().owner;
      const path = await page.evaluate(async () => {
        const session = await (await fetch("/api/v1/session")).json();
        const { presets } = await (await fetch("/api/v1/schema")).json();
        const rollups = `/teams/${session.teams[0].id}/rollups`;
        const spec = {
          ...presets[0].spec,
          name: "granite-one",
          chain: { chainId: 424_243, blockTimeSeconds: 1 },
          forks: { genesis: "granite" },
          services: { mach: { restaking: "off" } },
        };
        const answer = await fetch(`/api/v1${rollups}`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-altlayer-csrf": session.csrfToken },
          body: JSON.stringify({ spec }),
        });
        const made = await answer.json();
        if (!answer.ok) throw new TypeError(JSON.stringify(made).slice(0, 1_000));
        return `${rollups}/${made.id}`;
      });
      await page.goto(`${world().platform.url}${path}`);
      await page.getByText("Running", { exact: true }).waitFor({ timeout: LAUNCH_MS });
      settings = `${world().platform.url}${path}/settings`;
      await page.goto(settings);
      const card = page.getByRole("region", { name: "Network upgrade" });
      await card.getByText("Granite", { exact: true }).waitFor();
      await card.getByRole("link", { name: "Recovery" }).waitFor();
      await card.getByText(/Node altlayer\//).waitFor();
    }, 120_000);

    test("is scheduled after its plan was seen, and a time that is too near is refused", async () => {
      const { page } = world().owner;
      const card = page.getByRole("region", { name: "Network upgrade" });
      await card.getByRole("button", { name: "Schedule Holocene" }).click();
      const dialog = page.getByRole("dialog", { name: "Schedule Holocene" });
      const time = await dialog.getByLabel("Activation").inputValue();
      await dialog.getByLabel("Activation").fill("2020-01-01T00:00:00");
      await dialog.getByRole("button", { name: "See the plan" }).click();
      await dialog.getByRole("alert").filter({ hasText: "in the past" }).waitFor();
      await dialog.getByLabel("Activation").fill(time);
      await dialog.getByRole("button", { name: "See the plan" }).click();
      await dialog.getByText("Holocene activation").waitFor();
      await dialog.getByText(/Give everybody who runs a node/).waitFor();
      await expectAccessible(page, "upgrade plan");
      await dialog.getByRole("button", { name: "Schedule it" }).click();
      await card.getByRole("heading", { name: /^Holocene from/ }).waitFor();
      const file = await page.evaluate(async (href) => await (await fetch(href)).json(), await hrefOf());
      expect(file.holocene_time).toBeGreaterThan(Date.now() / 1_000);
      await expectAccessible(page, "upgrade scheduled");

      async function hrefOf(): Promise<string> {
        return (await card.getByRole("link", { name: "rollup.json" }).getAttribute("href")) ?? "";
      }
    }, 60_000);

    test("is taken back before its time", async () => {
      const { page } = world().owner;
      const card = page.getByRole("region", { name: "Network upgrade" });
      await card.getByRole("button", { name: "Take back" }).click();
      const dialog = page.getByRole("dialog", { name: "Take the upgrade back?" });
      await dialog.getByRole("button", { name: "See the plan" }).click();
      await dialog.getByText(/not scheduled any more/).waitFor();
      await dialog.getByRole("button", { name: "Take it back" }).click();
      await card.getByRole("button", { name: "Schedule Holocene" }).waitFor();
      expect(await card.getByRole("heading", { name: /^Holocene from/ }).count()).toBe(0);
    }, 60_000);
  });
}
