import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What another theme or a narrower window can break. */
export const BY_LOOK = ["color-contrast", "scrollable-region-focusable", "target-size", "region"];

/**
 * WCAG 2.2 AA as far as a machine sees it. The checker is evaluated by the debugger, which the page's content security
 * policy does not bind.
 */
export async function expectAccessible(page: Page, what: string, only: readonly string[] = EVERYTHING): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    async (runOnly) => {
      const { axe: checker } = window as unknown as { axe: typeof import("axe-core") };
      const { violations } = await checker.run(document, { runOnly });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
    },
    [...only],
  );
  expect(found, what).toEqual([]);
}

/** Nothing sticks out: a phone's page scrolls down, not sideways. */
export async function expectNoSidewaysScroll(page: Page, what: string): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, what).toBeLessThanOrEqual(0);
}
