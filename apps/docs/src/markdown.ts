import MarkdownIt from "markdown-it";
import { DocsError } from "./errors.ts";

export interface Heading {
  readonly id: string;
  readonly level: number;
  readonly text: string;
}

/** A heading and what stands below it up to the next. */
export interface Section {
  readonly id: string;
  readonly level: number;
  readonly title: string;
  /** Words alone, code included. */
  readonly text: string;
}

export interface Rendered {
  readonly html: string;
  /** The page's first heading. */
  readonly title: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

/** The anchor of a heading, as GitHub makes it, so that one link works in both places. */
function anchorOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/**
 * Renders a page. HTML in the Markdown is shown as text, never passed through. Tables and code can be reached and
 * scrolled by keyboard, since a narrow window cuts them.
 * @param options.link where a relative link leads in the browser
 * @throws DocsError `NO_HEADING` for a page that does not begin with one
 */
export function renderMarkdown(text: string, options: { readonly link: (href: string) => string }): Rendered {
  const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false });
  const headings: Heading[] = [];
  const texts: string[][] = [];
  const used = new Map<string, number>();
  markdown.renderer.rules.table_open = () =>
    '<div class="scroll" role="group" aria-label="Table" tabindex="0"><table>\n';
  markdown.renderer.rules.table_close = () => "</table></div>\n";
  markdown.renderer.rules.fence = (tokens, index) =>
    `<pre tabindex="0"><code>${markdown.utils.escapeHtml(tokens[index]?.content ?? "")}</code></pre>\n`;
  const tokens = markdown.parse(text, {});
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const words = (tokens[index + 1]?.children ?? []).map(({ content }) => content).join("");
      const base = anchorOf(words);
      const count = used.get(base) ?? 0;
      used.set(base, count + 1);
      const id = count === 0 ? base : `${base}-${count}`;
      token.attrSet("id", id);
      headings.push({ id, level: Number(token.tag.slice(1)), text: words });
      texts.push([]);
    } else if (token.type === "inline" && tokens[index - 1]?.type !== "heading_open") {
      texts.at(-1)?.push((token.children ?? []).map(wordsOf).join(""));
    } else if (token.type === "fence") texts.at(-1)?.push(token.content);
    for (const child of token.children ?? []) {
      const href = child.type === "link_open" ? child.attrGet("href") : null;
      if (href !== null) child.attrSet("href", /^[a-z]+:|^#/i.test(href) ? href : options.link(href));
    }
  }
  const [first] = headings;
  if (first?.level !== 1) throw new DocsError("NO_HEADING", `a page begins with a heading: ${text.slice(0, 60)}`);
  return {
    html: markdown.renderer.render(tokens, markdown.options, {}),
    title: first.text,
    headings,
    sections: headings.map(({ id, level, text: title }, index) => ({
      id,
      level,
      title,
      text: (texts[index] ?? []).join(" ").replace(/\s+/g, " ").trim(),
    })),
  };
}

const wordsOf = ({ type, content }: { readonly type: string; readonly content: string }): string =>
  type === "softbreak" || type === "hardbreak" ? " " : content;
