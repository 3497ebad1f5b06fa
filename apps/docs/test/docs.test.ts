import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { API_BASE, openApiDocument } from "@altlayer/raas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, buildDocs, PAGES } from "../src/index.ts";
import { renderMarkdown } from "../src/markdown.ts";

const SEARCH_MAX_BYTES = 64 * 1024;

let outDir: string;
beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), "altlayer-docs-"));
  await buildDocs({ outDir });
}, 60_000);
afterAll(() => rm(outDir, { recursive: true, force: true }));

const fileOf = (address: string) => join(outDir, address.replace(/^\/docs\//, ""), "index.html");
const pages = async () =>
  await Promise.all(
    PAGES.map(async (page) => ({ address: addressOf(page), html: await readFile(fileOf(addressOf(page)), "utf8") })),
  );
const idsOf = (html: string) => new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));

describe("the documentation", () => {
  test("every link within it leads to a page, and every anchor to a heading", async () => {
    const built = new Map((await pages()).map(({ address, html }) => [address, html]));
    let followed = 0;
    for (const [from, html] of built) {
      for (const [, href = ""] of html.matchAll(/<a [^>]*href="([^"]*)"/g)) {
        if (/^https?:/.test(href) || href === "/") continue;
        const [path = "", anchor = ""] = href.split("#");
        const target = built.get(path === "" ? from : path);
        expect(target, `${from} links to ${href}`).toBeDefined();
        if (anchor !== "") expect(idsOf(target ?? ""), `${from} links to ${href}`).toContain(anchor);
        followed++;
      }
    }
    expect(followed).toBeGreaterThan(PAGES.length ** 2);
  });

  test("pages keep the policy under which they are served: no script and no style in them", async () => {
    for (const { address, html } of await pages()) {
      expect(html.match(/<script[^>]*>/g), address).toEqual([
        '<script src="/docs/theme.js">',
        '<script type="module" src="/docs/search.js">',
      ]);
      expect(html, address).not.toMatch(/<style|\sstyle="|\son[a-z]+="|javascript:/i);
      expect(html.match(/<h1/g), address).toHaveLength(1);
    }
    const files = await readdir(outDir, { recursive: true });
    expect(files).toEqual(expect.arrayContaining(["docs.css", "theme.js", "search.js", "minisearch.js"]));
  });

  test("the search has every section under an address that exists, and is small", async () => {
    const text = await readFile(join(outDir, "search.json"), "utf8");
    expect(gzipSync(text).length).toBeLessThan(SEARCH_MAX_BYTES);
    const entries = JSON.parse(text) as { id: string; page: string; title: string; text: string }[];
    const built = new Map((await pages()).map(({ address, html }) => [address, html]));
    for (const { id } of entries) {
      const [path = "", anchor] = id.split("#");
      expect(built.has(path), id).toBe(true);
      if (anchor !== undefined) expect(idsOf(built.get(path) ?? ""), id).toContain(anchor);
    }
    for (const page of PAGES) expect(entries.map(({ id }) => id)).toContain(addressOf(page));
  });

  test("the API reference has every operation, and the command line's every command", async () => {
    const { paths } = openApiDocument() as { paths: Record<string, Record<string, { operationId: string }>> };
    const api = await readFile(fileOf("/docs/api/"), "utf8");
    const operations = Object.values(paths).flatMap((each) => Object.values(each));
    expect(operations.length).toBeGreaterThan(30);
    for (const { operationId } of operations) expect(api).toContain(`>${operationId}</h2>`);
    expect(api).toContain(`${API_BASE}/openapi.json`);
    const cli = await readFile(fileOf("/docs/cli/"), "utf8");
    for (const command of ["altlayer dev", "altlayer apply", "altlayer stake deposit", "altlayer node"]) {
      expect(cli).toContain(`>${command}</h2>`);
    }
  });
});

describe("Markdown", () => {
  const link = (href: string) => href;

  test("HTML in it is shown as text", () => {
    const { html } = renderMarkdown('# T\n\n<img src=x onerror="alert(1)"> and\n\n<script>alert(1)</script>\n', {
      link,
    });
    expect(html).not.toMatch(/<img|<script/);
    expect(html).toContain("&lt;script&gt;");
  });

  test("a link that runs a script is no link", () => {
    expect(renderMarkdown("# T\n\n[x](javascript:alert(1))\n", { link }).html).not.toContain("href");
  });

  test("headings of one name have anchors of their own", () => {
    const { headings } = renderMarkdown("# T\n\n## Same `code` & more!\n\n## Same `code` & more!\n", { link });
    expect(headings.map(({ id }) => id)).toEqual(["t", "same-code--more", "same-code--more-1"]);
  });

  test("a section has the words below its heading, code included, and not those of the next", () => {
    const { sections } = renderMarkdown("# T\n\nOne *two*\nthree.\n\n## U\n\n- four `five`\n\n```\nsix\n```\n", {
      link,
    });
    expect(sections).toEqual([
      { id: "t", level: 1, title: "T", text: "One two three." },
      { id: "u", level: 2, title: "U", text: "four five six" },
    ]);
  });

  test("a page without a heading at its top is refused", () => {
    expect(() => renderMarkdown("text\n", { link })).toThrow(expect.objectContaining({ code: "NO_HEADING" }));
  });
});
