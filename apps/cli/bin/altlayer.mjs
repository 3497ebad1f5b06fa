#!/usr/bin/env node
// The program, as people start it. JavaScript, and without imports of ours: loading what strips types takes Node a tenth of
// a second, and the bundle needs none of it.
import { readFileSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = join(import.meta.dirname, "../../..");

/**
 * All modules of the command line as a few files, which the set-up makes (`src/bundle.ts`): to find and read a thousand
 * of them takes as long as a quarter of a start.
 * @returns URL of its entry; null where there is none, or a source is another than it was: then the sources run.
 */
function currentBundle() {
  try {
    const { entry, sources } = JSON.parse(readFileSync(join(ROOT, ".altlayer/bundles/current.json"), "utf8"));
    const isUnchanged = ([path, bytes, modifiedMs]) => {
      const { size, mtimeMs } = statSync(join(ROOT, path));
      return size === bytes && mtimeMs === modifiedMs;
    };
    return sources.every(isUnchanged) ? pathToFileURL(join(ROOT, entry)).href : null;
  } catch {
    return null;
  }
}

enableCompileCache(join(ROOT, ".altlayer/compile-cache"));
const { main } = await import(currentBundle() ?? "../src/cli.ts");

process.exitCode = await main(process.argv.slice(2));
