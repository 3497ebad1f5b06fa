import { spawnSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { build } from "vite";
import { SdkError } from "../src/errors.ts";

const PACKAGE = resolve(import.meta.dirname, "..");
const PACKAGES = resolve(PACKAGE, "..");
const ROOT = resolve(PACKAGES, "..");
/** The workspace's own package that goes in: it is private, and has no dependencies. */
const INSIDE = "@altlayer/protocol";
const TYPES = "types";

interface Manifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Writes the package as other projects can install it: JavaScript in one module, declarations, and a manifest that names
 * only what a registry has. `npm install <folder>` and `npm pack <folder>` take it.
 * @param folder is made anew.
 * @throws SdkError `MALFORMED_ANSWER` with the compiler's words where declarations cannot be made
 */
export async function packSdk(folder: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8")) as Manifest;
  const dependencies = Object.entries(manifest.dependencies).filter(([name]) => name !== INSIDE);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await bundle(
    folder,
    dependencies.map(([name]) => name),
  );
  await declare(join(folder, TYPES));
  await cp(join(PACKAGE, "README.md"), join(folder, "README.md"));
  const { version, license } = manifest;
  const written = {
    ...{ name: "@altlayer/sdk", version, license, type: "module", sideEffects: false },
    exports: { ".": { types: `./${TYPES}/sdk/src/index.d.ts`, default: "./index.js" } },
    files: ["index.js", TYPES],
    dependencies: Object.fromEntries(dependencies),
  };
  await writeFile(join(folder, "package.json"), `${JSON.stringify(written, null, 2)}\n`);
}

async function bundle(outDir: string, externals: readonly string[]): Promise<void> {
  const entry = join(PACKAGE, "src/index.ts");
  const external = (id: string) => externals.some((name) => id === name || id.startsWith(`${name}/`));
  await build({
    configFile: false,
    root: PACKAGE,
    logLevel: "silent",
    build: {
      ...{ outDir, emptyOutDir: false, minify: false, target: "es2022" },
      lib: { entry, formats: ["es"], fileName: () => "index.js" },
      rolldownOptions: { external },
    },
  });
}

/** Declarations of the package and of what it brings in, which name each other by paths. */
async function declare(outDir: string): Promise<void> {
  const config = join(outDir, "tsconfig.json");
  await mkdir(outDir, { recursive: true });
  const compilerOptions = {
    ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, declarationMap: false, sourceMap: false },
    // What browsers have, and Node too.
    ...{ incremental: false, types: [], lib: ["ES2024", "ESNext.Iterator", "DOM"], outDir, rootDir: PACKAGES },
  };
  await writeFile(
    config,
    JSON.stringify({
      extends: join(ROOT, "tsconfig.base.json"),
      compilerOptions,
      files: [join(PACKAGE, "src/index.ts"), join(PACKAGES, "protocol/src/index.ts")],
    }),
  );
  const compiler = createRequire(join(ROOT, "package.json")).resolve("typescript/package.json");
  const tsc = join(dirname(compiler), "bin/tsc");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, "-p", config], { encoding: "utf8" });
  await rm(config);
  if (status !== 0) throw new SdkError("MALFORMED_ANSWER", `no declarations: ${stdout}${stderr}`, { status });
  const inside = join(outDir, "protocol/src/index.js");
  for (const name of await readdir(outDir, { recursive: true })) {
    const file = join(outDir, name);
    if (!file.endsWith(".d.ts")) continue;
    const text = await readFile(file, "utf8");
    const path = relative(dirname(file), inside).split(sep).join("/");
    const named = text
      .replaceAll(/(from "|import\(")(\.[^"]*)\.ts"/g, '$1$2.js"')
      .replaceAll(/(from "|import\(")@altlayer\/protocol"/g, `$1${path.startsWith(".") ? path : `./${path}`}"`);
    await writeFile(file, named);
  }
}
