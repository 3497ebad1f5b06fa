import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Hex } from "../src/index.ts";
import { buildBlock, temporaryDirectory, useEngine } from "./support/chain.ts";

const CHILD = fileURLToPath(new URL("./support/crashing-child.ts", import.meta.url));

test.each([7, 40])("kill -9 after %i lines loses nothing acknowledged", { timeout: 60_000 }, async (lines) => {
  await using home = await temporaryDirectory();
  const child = spawn(process.execPath, [CHILD, home.dir], { stdio: ["ignore", "pipe", "inherit"] });
  const submitted: Hex[] = [];
  let last: { block: Hex; number: number } | undefined;
  let count = 0;
  for await (const text of createInterface({ input: child.stdout })) {
    const line: { submitted?: { hash: Hex }; block?: Hex; number?: number } = JSON.parse(text);
    if (line.submitted) submitted.push(line.submitted.hash);
    if (line.block !== undefined && line.number !== undefined) last = { block: line.block, number: line.number };
    if (++count === lines) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");

  await using opened = await useEngine({ dir: home.dir });
  const { engine } = opened;
  expect(engine.heads().unsafe.number).toBeGreaterThanOrEqual(last?.number ?? 0);
  if (last) expect((await engine.payloadByNumber(last.number))?.blockHash).toBe(last.block);
  // Every acknowledged transaction is in a block, or comes into the next.
  await buildBlock(engine);
  const { keccak256 } = await import("viem");
  const included = new Set<Hex>();
  for (let number = 1; number <= engine.heads().unsafe.number; number++) {
    const payload = await engine.payloadByNumber(number);
    for (const raw of payload?.transactions ?? []) included.add(keccak256(raw));
  }
  expect(submitted.filter((hash) => !included.has(hash))).toEqual([]);
});
