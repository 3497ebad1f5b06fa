import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const APP = join(import.meta.dirname, "..");
const root = mkdtempSync(join(tmpdir(), "altlayer-bundle-"));
const app = join(root, "apps/cli");
const answer = async () => (await run(process.execPath, [join(app, "bin/altlayer.mjs")])).stdout;

afterAll(() => rmSync(root, { recursive: true }));

describe("the bundle for quick starts", () => {
  it("runs while no source has changed, and never an older state of one", { timeout: 120_000 }, async () => {
    mkdirSync(join(app, "src"), { recursive: true });
    writeFileSync(join(root, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(root, "pnpm-lock.yaml"), "");
    for (const file of ["bin", "src/bundle.ts"]) cpSync(join(APP, file), join(app, file), { recursive: true });
    symlinkSync(join(APP, "node_modules"), join(app, "node_modules"));
    writeFileSync(join(app, "src/cli.ts"), 'import { place } from "./place.ts";\nexport const main = place;\n');
    const place = (version: number) =>
      [
        'import { join } from "node:path";',
        "export const place = async (): Promise<number> => {",
        `  process.stdout.write(\`${version} \${join(import.meta.dirname, "x")} \${new Error().stack?.includes(".altlayer")}\`);`,
        "  return 0;",
        "};",
        "",
      ].join("\n");
    const file = join(app, "src/place.ts");
    const says = (version: number, bundled: boolean) => `${version} ${join(app, "src/x")} ${bundled}`;
    writeFileSync(file, place(1));
    expect(await answer()).toBe(says(1, false));

    const bundle = () => run(process.execPath, ["--disable-warning=ExperimentalWarning", join(app, "src/bundle.ts")]);
    await bundle();
    expect(await answer()).toBe(says(1, true));

    writeFileSync(file, place(2));
    expect(await answer()).toBe(says(2, false));
    await bundle();
    expect(await answer()).toBe(says(2, true));

    // The same bytes at another time are not looked at: the sources run, which say the same.
    utimesSync(file, new Date(), new Date(Date.now() + 5_000));
    expect(await answer()).toBe(says(2, false));
  });
});
