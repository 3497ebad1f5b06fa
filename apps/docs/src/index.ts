import { fileURLToPath } from "node:url";

export { buildDocs } from "./build.ts";
export { DocsError, type DocsErrorCode } from "./errors.ts";
export { addressOf, PAGES } from "./pages.ts";

/** Where the set-up leaves the built pages. */
export const DOCS_FILES = fileURLToPath(new URL("../dist/", import.meta.url));
