import { buildDocs, DOCS_FILES } from "./index.ts";

await buildDocs({ outDir: DOCS_FILES });
