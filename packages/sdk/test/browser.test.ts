import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "vite";
import { expect, test } from "vitest";

const entry = new URL("../src/index.ts", import.meta.url).pathname;

/** Bundles a program for browsers, and names the modules of Node that anything in it imports. */
async function bundled(source: string): Promise<{ code: string; builtins: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "sdk-browser-"));
  try {
    const main = join(folder, "main.js");
    await writeFile(main, source);
    const builtins: string[] = [];
    const watch: Plugin = {
      name: "watch-builtins",
      enforce: "pre",
      resolveId: (id) => {
        if (isBuiltin(id)) builtins.push(id);
        return null;
      },
    };
    const lib = { entry: main, formats: ["iife" as const], name: "bundle", fileName: () => "bundle.js" };
    const outDir = join(folder, "out");
    await build({ configFile: false, root: folder, logLevel: "silent", plugins: [watch], build: { lib, outDir } });
    return { code: await readFile(join(outDir, "bundle.js"), "utf8"), builtins };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("bundles for browsers: no module of Node, and small", async () => {
  const { code, builtins } = await bundled(`export * from ${JSON.stringify(entry)};`);
  expect(builtins).toEqual([]);
  expect(code).not.toMatch(/\brequire\(|__vite-browser-external|\bprocess\.(?!env\.NODE_ENV)\w|\bBuffer\./);
  // Evaluated with nothing but what the language itself has, and what all browsers have.
  const context = new Script(`${code}; Object.keys(bundle)`).runInNewContext({ TextEncoder, TextDecoder, URL });
  expect([...(context as string[])]).toContain("verifyCertificate");
  expect(gzipSync(code).length).toBeLessThan(160 * 1024);
}, 60_000);

test("what Node alone has would be seen", async () => {
  const { builtins } = await bundled(
    'import { readFileSync } from "node:fs"; export const f = () => readFileSync("a");',
  );
  expect(builtins).toContain("node:fs");
}, 60_000);
