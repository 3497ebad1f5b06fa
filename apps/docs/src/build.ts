import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { DocsError } from "./errors.ts";
import { type Rendered, renderMarkdown } from "./markdown.ts";
import { addressOf, PAGES, type Page } from "./pages.ts";
import { searchEntries } from "./search.ts";
import { pageHtml } from "./template.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const ASSETS = fileURLToPath(new URL("../assets/", import.meta.url));

/**
 * Writes the documentation as static pages, and checks on the way that every link between them leads somewhere.
 * @throws DocsError `LINK_BROKEN` for a link to a page or a heading that there is not
 */
export async function buildDocs(options: { readonly outDir: string }): Promise<void> {
  const { outDir } = options;
  const links: { readonly from: Page; readonly to: Page; readonly anchor: string }[] = [];
  const rendered = new Map<Page, Rendered>();
  for (const page of PAGES) {
    const text = "file" in page.source ? await readFile(join(ROOT, page.source.file), "utf8") : page.source.text();
    const link = (href: string): string => {
      const [path = "", anchor = ""] = href.split("#");
      const to = pageAt(page, path);
      links.push({ from: page, to, anchor });
      return `${addressOf(to)}${anchor === "" ? "" : `#${anchor}`}`;
    };
    rendered.set(page, renderMarkdown(text, { link }));
  }
  for (const { from, to, anchor } of links) {
    if (anchor === "" || rendered.get(to)?.headings.some(({ id }) => id === anchor)) continue;
    throw broken(from, `#${anchor} of ${addressOf(to)}`);
  }
  await rm(outDir, { recursive: true, force: true });
  for (const [page, content] of rendered) {
    const file = join(outDir, page.slug, "index.html");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, pageHtml(page, content));
  }
  await writeFile(join(outDir, "search.json"), JSON.stringify(searchEntries(rendered)));
  for (const name of ["docs.css", "theme.js", "search.js"]) await copyFile(join(ASSETS, name), join(outDir, name));
  await copyFile(fileURLToPath(import.meta.resolve("minisearch")), join(outDir, "minisearch.js"));
}

/** The page that a relative path leads to: beside the source's file, or (of a page without one) beside `docs/`. */
function pageAt(from: Page, path: string): Page {
  const base = "file" in from.source ? posix.dirname(from.source.file) : "docs";
  const wanted = posix.normalize(posix.join(base, path));
  const found = PAGES.find(({ source }) => "file" in source && source.file === wanted);
  const generated = PAGES.find(({ slug, source }) => "text" in source && wanted === `docs/${slug}.md`);
  const page = found ?? generated;
  if (page === undefined) throw broken(from, path);
  return page;
}

const broken = (from: Page, to: string) =>
  new DocsError("LINK_BROKEN", `${addressOf(from)} links to ${to}, which is not here`);
