import type { Heading, Rendered } from "./markdown.ts";
import { addressOf, PAGE_GROUPS, type Page } from "./pages.ts";

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Longer lists of headings help nobody. */
const CONTENTS_MAX = 40;

/** A page of the documentation. No script nor style in it: the policy under which it is served forbids both. */
export function pageHtml(page: Page, { html, title, headings }: Rendered): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · AltLayer</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/docs.css">
<script src="/docs/theme.js"></script>
<script type="module" src="/docs/search.js"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="brand" href="/">AltLayer</a>
<a href="/docs/" class="section">Documentation</a>
<form id="search" role="search" hidden>
<input type="text" id="query" placeholder="Search" aria-label="Search the documentation" autocomplete="off" spellcheck="false" role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="found">
<ul id="found" role="listbox" aria-label="Sections found" hidden></ul>
<p id="found-none" role="status" hidden></p>
</form>
<button type="button" id="theme" hidden>Theme</button>
</header>
<nav class="side" aria-label="Documentation">
${PAGE_GROUPS.map((group) => navigation(group.title, group.pages, page)).join("\n")}
</nav>
<main id="content" tabindex="-1">
${contents(headings)}<article>
${html}</article>
</main>
</body>
</html>
`;
}

function navigation(title: string, pages: readonly Page[], current: Page): string {
  const items = pages.map((page) => {
    const here = page.slug === current.slug ? ' aria-current="page"' : "";
    return `<li><a href="${addressOf(page)}"${here}>${escaped(page.title)}</a></li>`;
  });
  return `<section>\n<h2>${escaped(title)}</h2>\n<ul>\n${items.join("\n")}\n</ul>\n</section>`;
}

function contents(headings: readonly Heading[]): string {
  const sections = headings.filter(({ level }) => level === 2);
  if (sections.length < 3 || sections.length > CONTENTS_MAX) return "";
  const items = sections.map(({ id, text }) => `<li><a href="#${id}">${escaped(text)}</a></li>`);
  return `<nav class="contents" aria-label="On this page">\n<ul>\n${items.join("\n")}\n</ul>\n</nav>\n`;
}
