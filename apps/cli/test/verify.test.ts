import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSpec, startL1, startTestPlatform, type TestPlatform, until } from "../../../packages/raas/test/harness.ts";

const MAIN = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
const CONTRACT = "0x00000000000000000000000000000000000c0de7";
const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
contract One { function one() external pure returns (uint256) { return 1; } }
`;
/** What solc 0.8.30 makes of it as One.sol, optimized for 200 runs. */
const CODE = [
  "6080604052348015600e575f5ffd5b50600436106026575f3560e01c8063901717d114602a575b5f5ffd5b60016040519081",
  "5260200160405180910390f3fea2646970667358221220339936495a3d96b1d6faeb1fe68ce99e88ab3635d9703df55978da",
  "7350b7f19164736f6c634300081e0033",
].join("");

let folder: string;
let at: TestPlatform;
let token: string;
let l1: Awaited<ReturnType<typeof startL1>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-verify-"));
  l1 = await startL1();
  at = await startTestPlatform({ rpcUrl: l1.url });
  const spec = newSpec("verified-one");
  const genesis = { ...spec.genesis, contracts: [{ address: CONTRACT, code: `0x${CODE}` as const }] };
  const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: { ...spec, genesis } });
  expect([made.status, made.body.error]).toEqual([201, undefined]);
  await until(
    () => at.owner.ask("GET", `/teams/${at.teamId}/rollups/${made.body.id}`),
    ({ body }) => body.phase === "running",
    120_000,
  );
  token = (
    await at.platform.services.credentials.createToken({
      ...{ teamId: at.teamId, name: "cli", role: "operator" as const, createdBy: at.userId, ttlMs: null },
    })
  ).token;
}, 180_000);

afterAll(async () => {
  await at?.close();
  await l1?.stop();
  if (at) rmSync(at.dataDir, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

function verify(...args: string[]): Promise<{ readonly code: number; readonly json: unknown }> {
  return new Promise((resolve) => {
    const command = [MAIN, "verify", "verified-one", CONTRACT, "--url", at.platform.url, "--json", ...args];
    const env = { ...process.env, ALTLAYER_TOKEN: token };
    execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", ...command],
      { env, timeout: 120_000 },
      (error, stdout) => {
        const code = error === null ? 0 : Number((error as { code?: number }).code ?? -1);
        resolve({ code, json: JSON.parse(stdout.trim().split("\n").at(-1) || "null") });
      },
    );
  });
}

test("`altlayer verify` proves a contract's source, and says why another is not it", async () => {
  const source = join(folder, "One.sol");
  writeFileSync(source, SOURCE);
  expect(await verify()).toMatchObject({ code: 2, json: { error: { code: "USAGE" } } });
  expect(await verify("--source", source)).toMatchObject({ code: 1, json: { error: { code: "NO_MATCH" } } });
  const answer = { match: "full", name: "One", file: "One.sol", compiler: "0.8.30" };
  expect(await verify("--source", source, "--optimizer-runs", "200")).toMatchObject({ code: 0, json: answer });
  const input = join(folder, "input.json");
  const settings = { optimizer: { enabled: true, runs: 200 }, outputSelection: { "*": { "*": ["*"] } } };
  writeFileSync(input, JSON.stringify({ language: "Solidity", sources: { "One.sol": { content: SOURCE } }, settings }));
  expect(await verify("--standard-json", input, "--contract", "One.sol:One")).toMatchObject({ code: 0, json: answer });
}, 300_000);
