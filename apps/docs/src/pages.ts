import { apiReference } from "./api-reference.ts";
import { cliReference } from "./cli-reference.ts";

/** Where a page's Markdown comes from: a file of the repository, or what the code says of itself. */
export type Source = { readonly file: string } | { readonly text: () => string };

export interface Page {
  /** Its address below /docs/; the empty one is the entry. */
  readonly slug: string;
  /** As the navigation names it. */
  readonly title: string;
  readonly source: Source;
}

export interface PageGroup {
  readonly title: string;
  readonly pages: readonly Page[];
}

const page = (slug: string, title: string, file: string): Page => ({ slug, title, source: { file: `docs/${file}` } });

/** The documentation in the order of its navigation. */
export const PAGE_GROUPS: readonly PageGroup[] = [
  {
    title: "Begin",
    pages: [page("", "Quick start", "quick-start.md"), page("trust", "Who can do what to your funds", "trust.md")],
  },
  {
    title: "The platform",
    pages: [
      page("platform", "How the platform works", "platform.md"),
      page("rollup-spec", "The rollup spec", "rollup-spec.md"),
      page("finality", "Levels of finality", "finality.md"),
      page("restaking", "Restaking", "restaking.md"),
    ],
  },
  {
    title: "Operate",
    pages: [
      page("node", "Running a node", "node.md"),
      page("operations", "Operating guide", "operations.md"),
      page("standby", "A standby sequencer", "standby.md"),
      page("promises", "Promises and their tests", "promises.md"),
    ],
  },
  {
    title: "Build",
    pages: [
      page("sdk", "SDK", "sdk.md"),
      { slug: "cli", title: "Command line", source: { text: cliReference } },
      { slug: "api", title: "HTTP API", source: { text: apiReference } },
    ],
  },
  {
    title: "Protocol",
    pages: [
      page("spec/mach", "MACH", "spec/mach.md"),
      page("spec/slices", "Slices", "spec/slices.md"),
      page("glossary", "Glossary", "glossary.md"),
    ],
  },
];

export const PAGES: readonly Page[] = PAGE_GROUPS.flatMap(({ pages }) => pages);

/** The path of a page in the browser. */
export const addressOf = ({ slug }: Pick<Page, "slug">): string => (slug === "" ? "/docs/" : `/docs/${slug}/`);
