import { existsSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { StoryError } from "./errors.ts";
import type { TestWallet } from "./wallet.ts";
import { installWallet } from "./wallet.ts";

const CHROMIUM = process.env.ALTLAYER_CHROMIUM ?? "/usr/bin/chromium";
const ACTION_TIMEOUT_MS = 15_000;

export function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new StoryError("NO_CHROMIUM", `There is no ${CHROMIUM}: apt-get install -y --no-install-recommends chromium`);
  }
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-background-networking"] });
}

/** A person at a browser of their own, perhaps with a wallet. */
export interface Actor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the browser complained of: script errors, violations of the content security policy. Must stay empty. */
  readonly complaints: string[];
  /** Scripts that were loaded, by URL, uncompressed. */
  readonly scripts: Map<string, Buffer>;
}

export async function actor(
  browser: Browser,
  options: { readonly wallet?: TestWallet; readonly phone?: boolean; readonly dark?: boolean } = {},
): Promise<Actor> {
  const context = await browser.newContext({
    viewport: options.phone ? { width: 390, height: 844 } : { width: 1320, height: 860 },
    hasTouch: options.phone === true,
    colorScheme: options.dark ? "dark" : "light",
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  if (options.wallet !== undefined) await installWallet(context, options.wallet);
  const page = await context.newPage();
  const complaints: string[] = [];
  const scripts = new Map<string, Buffer>();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    // The browser reports each answer that is not a success; whether that is right, the story says.
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) complaints.push(text);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog opened: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("response", (response) => {
    if (!response.url().endsWith(".js")) return;
    void response.body().then(
      (body) => scripts.set(response.url(), body),
      () => {},
    );
  });
  return { context, page, complaints, scripts };
}
