import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { actor } from "./support/actor.ts";
import { BY_LOOK, expectAccessible, expectNoSidewaysScroll } from "./support/axe.ts";
import type { World } from "./support/world.ts";

/** Where to leave screenshots, for people to look at; none are taken without it. */
const SHOTS = process.env.ALTLAYER_SCREENSHOTS;
/** A chart of minutes begins with the second. */
const CHART_TIMEOUT_MS = 90_000;
const EVERY_PAGE_MS = 900_000;
const LOOKS = [
  { name: "light", options: {}, rules: undefined },
  { name: "dark", options: { dark: true }, rules: BY_LOOK },
  { name: "phone", options: { phone: true }, rules: BY_LOOK },
] as const;

export function everyPageStories(world: () => World): void {
  const pages = (): readonly (readonly [name: string, path: string, heading: string])[] => {
    const rollup = world().rollupPath;
    const team = rollup.split("/").slice(0, 3).join("/");
    const id = rollup.split("/").at(-1);
    return [
      ["rollups", team, "Rollups"],
      ["wizard", `${team}/new`, "Launch a rollup"],
      ["attach", `${team}/attach`, "Attach a chain"],
      ["members", `${team}/members`, "Members"],
      ["tokens", `${team}/tokens`, "API tokens"],
      ["alarms", `${team}/alarms`, "Destinations"],
      ["audit", `${team}/audit`, "Audit"],
      ["overview", rollup, "Finality"],
      ["blocks", `${rollup}/explorer`, "Blocks"],
      ["transactions", `${rollup}/explorer/transactions`, "Transactions"],
      ["explorer-tokens", `${rollup}/explorer/tokens`, "Tokens"],
      ["block", `${rollup}/explorer/blocks/1`, "Block 1"],
      ["contract", `${rollup}/explorer/addresses/0x4200000000000000000000000000000000000016`, "L2ToL1MessagePasser"],
      ["bridge", `${rollup}/bridge`, "Bridge"],
      ["staking", `${rollup}/staking`, "Operators"],
      ["faucet", `${rollup}/faucet`, "Faucet"],
      ["logs", `${rollup}/logs`, "Logs"],
      ["keys", `${rollup}/keys`, "Keys"],
      ["recovery", `${rollup}/recovery`, "Recovery"],
      ["settings", `${rollup}/settings`, "Settings"],
      ["status", `/status/${id}`, "All is well"],
      ["docs", "/docs/", "Quick start"],
      ["docs-trust", "/docs/trust/", "Who can do what to your funds"],
      ["docs-spec", "/docs/rollup-spec/", "The rollup spec"],
      ["docs-api", "/docs/api/", "HTTP API"],
      ["nowhere", "/nowhere", "There is nothing here"],
    ];
  };

  describe.each(LOOKS)("every page, $name", ({ name, options, rules }) => {
    test(
      "is accessible, fits its window, and breaks no policy",
      async () => {
        const { browser, owner, platform } = world();
        const { page, context, complaints } = await actor(browser, options);
        await context.addCookies(await owner.context.cookies());
        for (const [title, path, heading] of pages()) {
          await page.goto(platform.url + path);
          await page.getByText(heading, { exact: true }).first().waitFor();
          await page.waitForFunction(() => document.querySelector("[role=status][aria-label]") === null);
          if (SHOTS !== undefined) {
            mkdirSync(SHOTS, { recursive: true });
            await page.screenshot({ path: join(SHOTS, `${title}-${name}.png`), fullPage: true });
          }
          await expectAccessible(page, `${title}, ${name}`, rules);
          await expectNoSidewaysScroll(page, `${title}, ${name}`);
        }
        expect(complaints).toEqual([]);
        await context.close();
      },
      EVERY_PAGE_MS,
    );
  });

  test("the keyboard alone gets to the content and through the menu", async () => {
    const { browser, owner, platform } = world();
    const { page, context } = await actor(browser);
    await context.addCookies(await owner.context.cookies());
    await page.goto(platform.url + world().rollupPath);
    await page.getByRole("heading", { name: "Finality" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
    await page.getByRole("link", { name: "Explorer" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Blocks" }).waitFor();
    await context.close();
  });

  test("a chart is read by the keyboard, point by point", async () => {
    const { browser, owner, platform } = world();
    const { page, context } = await actor(browser);
    await context.addCookies(await owner.context.cookies());
    await page.goto(platform.url + world().rollupPath);
    for (const [name, said] of [
      ["Transactions a minute", /^\d\d:\d\d: ([\d,]+ transactions?|no blocks yet)$/],
      ["Time to each rung, from sealing", /^Block [\d,]+: block certificate /],
    ] as const) {
      const chart = page.getByRole("slider", { name });
      await chart.waitFor({ timeout: CHART_TIMEOUT_MS });
      expect(await chart.getAttribute("aria-valuetext")).toMatch(said);
      await chart.press("Home");
      expect(await chart.getAttribute("aria-valuenow")).toBe("0");
      const first = await chart.getAttribute("aria-valuetext");
      expect(first).toMatch(said);
      await chart.press("ArrowRight");
      expect(await chart.getAttribute("aria-valuenow")).toBe("1");
      expect(await chart.getAttribute("aria-valuetext")).not.toBe(first);
    }
    await context.close();
  }, 120_000);

  test("the chosen theme stays", async () => {
    const { browser, owner, platform } = world();
    const { page, context } = await actor(browser);
    await context.addCookies(await owner.context.cookies());
    await page.goto(platform.url);
    const theme = page.getByRole("button", { name: /^Theme:/ });
    await theme.click();
    await theme.click();
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await background();
    await page.reload();
    await theme.waitFor();
    expect(await theme.getAttribute("aria-label")).toContain("dark");
    expect(await background()).toBe(dark);
    await context.close();
  });
}
