import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fillStateTest } from "./fill.ts";

const root = join(import.meta.dirname, "..", "..");
const vectors = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "release", "altlayer-vectors");
const firstSeed = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const count = Number(process.env.DIFFERENTIAL_COUNT ?? 100);

test(`random programs end in the roots and logs of an independent EVM (DIFFERENTIAL_SEED=${firstSeed})`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "altlayer-differential-"));
  try {
    let succeeded = 0;
    let logs = 0;
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const filled = await fillStateTest(seed);
      if (!filled.failed) succeeded++;
      logs += filled.logs;
      writeFileSync(join(folder, `${filled.name}.json`), JSON.stringify(filled.test));
    }
    // The generator must write programs that run to their end, not only ones that run out of gas.
    expect(succeeded).toBeGreaterThan(count / 3);
    expect(logs).toBeGreaterThan(count / 3);
    const output = execFileSync(vectors, ["state", "--dir", folder, "--json"], { encoding: "utf8", timeout: 120_000 });
    expect(JSON.parse(output)).toMatchObject({ passed: count, failed: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
