import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

/** The first run may build the loader. */
const TIMEOUT_MS = 300_000;

const bench = async (name: string) => {
  const script = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
  const args = ["--disable-warning=ExperimentalWarning", script, "--smoke", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
  return JSON.parse(stdout) as { rows: Record<string, unknown>[] };
};

describe("a load from the loader's own process", () => {
  test.each(["transfers", "single", "swap"])(
    "%s: blocks hold all of it, and it succeeds",
    { timeout: TIMEOUT_MS },
    async (name) => {
      const { rows } = await bench(name);
      expect(rows).toEqual([expect.objectContaining({ peer: "altlayer", included: 2_000, refused: 0, reverted: 0 })]);
    },
  );
});
