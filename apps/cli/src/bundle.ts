import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type Plugin, rolldown } from "rolldown";

/** Makes the bundle that `bin/altlayer.mjs` finds, and has Node keep its compiled code. The set-up runs this. */

/** A file that went into the bundle, by its path below the root, and as it was then. */
type Source = readonly [path: string, bytes: number, modifiedMs: number];

const ROOT = join(import.meta.dirname, "../../..");
/** One folder for each bundle: a program that runs loads the rest of its own when it needs it, whatever was made since. */
const BUNDLES = join(ROOT, ".altlayer/bundles");
const RECORD_FILE = join(BUNDLES, "current.json");
/** Bundles that are kept: programs that were started from an earlier one may still run. */
const KEPT = 5;
const NATIVE = /^snappy$/;
const OWN_SOURCE = /\.(?:ts|json)$/;
/** What else decides how the bundle comes out. */
const ALSO = ["pnpm-lock.yaml", "apps/cli/src/bundle.ts"];
/** A program of its own: a worker's, or a child's. */
const PROGRAM = /new URL\("(\.\/[^"]+\.ts)", import\.meta\.url\)/g;

/** What finds files by its own place finds them from a bundle as well; and its programs are in the bundle, too. */
const places: Plugin = {
  name: "places",
  transform: {
    filter: { code: "import.meta." },
    handler(code, id) {
      return code
        .replaceAll(PROGRAM, (_, path: string) => {
          const reference = this.emitFile({ type: "chunk", id: join(dirname(id), path) });
          return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
        })
        .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href))
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(id)));
    },
  },
};

/** Native code stays where its package is, and is imported from there. */
const native: Plugin = {
  name: "native",
  resolveId: {
    filter: { id: NATIVE },
    async handler(source, importer) {
      const found = await this.resolve(source, importer, { skipSelf: true });
      return found && { id: pathToFileURL(found.id).href, external: true };
    },
  },
};

const building = join(BUNDLES, `building-${process.pid}`);
rmSync(building, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: ROOT,
  input: { cli: join(import.meta.dirname, "cli.ts") },
  platform: "node",
  plugins: [places, native],
});
const { output } = await bundle.write({
  dir: building,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
});
const files = (await bundle.watchFiles).map((file) => relative(ROOT, file));
await bundle.close();
const sources = [...ALSO, ...files.filter((path) => OWN_SOURCE.test(path) && !/^\.\.|node_modules/.test(path))]
  .sort()
  .map((path): Source => {
    const { size, mtimeMs } = statSync(join(ROOT, path));
    return [path, size, mtimeMs];
  });

const name = createHash("sha256").update(JSON.stringify(sources)).digest("hex").slice(0, 16);
// The same sources make the same bundle.
if (existsSync(join(BUNDLES, name))) rmSync(building, { recursive: true });
else renameSync(building, join(BUNDLES, name));
const record = { entry: `.altlayer/bundles/${name}/cli.js`, sources };
writeFileSync(`${RECORD_FILE}.new`, `${JSON.stringify(record)}\n`);
renameSync(`${RECORD_FILE}.new`, RECORD_FILE);

const age = (folder: string) => -statSync(join(BUNDLES, folder)).mtimeMs;
const folders = readdirSync(BUNDLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
for (const folder of folders
  .map((entry) => entry.name)
  .sort((a, b) => age(a) - age(b))
  .slice(KEPT)) {
  if (folder !== name) rmSync(join(BUNDLES, folder), { recursive: true, force: true });
}

// Code of earlier bundles is of no use to anybody.
const compiled = join(ROOT, ".altlayer/compile-cache");
rmSync(compiled, { recursive: true, force: true });
enableCompileCache(compiled);
// All but the programs, which do something when they are loaded.
const parts = output.flatMap((part) => (part.type === "chunk" && (!part.isEntry || part.name === "cli") ? part : []));
for (const { fileName } of parts) await import(pathToFileURL(join(BUNDLES, name, fileName)).href);
