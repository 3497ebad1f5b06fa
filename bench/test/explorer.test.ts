import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

/** The first run may build the loader. */
const TIMEOUT_MS = 300_000;

const bench = async (only: string) => {
  const script = fileURLToPath(new URL("../explorer.ts", import.meta.url));
  const args = ["--disable-warning=ExperimentalWarning", script, "--smoke", "--json", "--only", only];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: TIMEOUT_MS });
  return (JSON.parse(stdout) as { rows: Record<string, string | number>[] }).rows;
};

describe("the explorer's bench", () => {
  test("indexes a chain under load to its end", { timeout: TIMEOUT_MS }, async () => {
    const rows = new Map((await bench("indexing")).map(({ what, value }) => [what, Number(value)]));
    expect(rows.get("included a second while indexed")).toBeGreaterThan(0);
    expect(rows.get("bytes of index a transaction")).toBeGreaterThan(100);
  });

  test("asks every page, and each answers with something", { timeout: TIMEOUT_MS }, async () => {
    const rows = await bench("pages");
    expect(rows.length).toBeGreaterThan(15);
    // An empty list has thirty bytes.
    for (const row of rows) expect([row.page, Number(row["most bytes"]) > 30]).toEqual([row.page, true]);
  });
});
