import type { Rendered } from "./markdown.ts";
import { addressOf, type Page } from "./pages.ts";

/** A section as the search knows it; assets/search.js reads these. */
export interface SearchEntry {
  /** Where it is. */
  readonly id: string;
  readonly page: string;
  readonly title: string;
  readonly text: string;
}

/** Of a long section so many letters are searched: the index is fetched as a whole. */
const TEXT_MAX = 900;
/** Deeper headings are searched with the one above them. */
const LEVEL_MAX = 3;

/** Every section of every page, in the order of the navigation. */
export function searchEntries(pages: ReadonlyMap<Page, Rendered>): readonly SearchEntry[] {
  const entries: SearchEntry[] = [];
  for (const [page, { title, sections }] of pages) {
    for (const { id, level, text, title: heading } of sections) {
      const above = entries.at(-1);
      if (level > LEVEL_MAX && above !== undefined) {
        entries[entries.length - 1] = { ...above, text: `${above.text} ${heading} ${text}`.slice(0, TEXT_MAX) };
      } else {
        const anchor = level === 1 ? "" : `#${id}`;
        entries.push({ id: `${addressOf(page)}${anchor}`, page: title, title: heading, text: text.slice(0, TEXT_MAX) });
      }
    }
  }
  return entries;
}
