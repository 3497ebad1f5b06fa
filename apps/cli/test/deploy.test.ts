import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileOwnContracts } from "@altlayer/contracts";
import { parseRollupConfig } from "@altlayer/protocol";
import { silentLogger } from "@altlayer/rollup";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../src/dev/anvil.ts";
import { startAnvil } from "../src/dev/anvil.ts";
import { ACCOUNT_COUNT, MNEMONIC } from "../src/dev/mnemonic.ts";
import { freePort } from "../src/dev/ports.ts";

const PROGRAM = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
let folder: string;
let anvil: Anvil;

async function l1(directory: string, chainId: number): Promise<Anvil> {
  const started = await startAnvil(
    {
      directory,
      port: await freePort(),
      chainId,
      blockTimeSeconds: 1,
      mnemonic: MNEMONIC,
      accounts: ACCOUNT_COUNT,
      catchUpMaxSeconds: 60,
    },
    { log: silentLogger },
  );
  await started.startClock();
  return started;
}

beforeAll(async () => {
  compileOwnContracts();
  folder = mkdtempSync(join(tmpdir(), "altlayer-deploy-"));
  anvil = await l1(folder, 31337);
}, 120_000);
afterAll(async () => {
  await anvil?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function altlayer(
  ...args: string[]
): Promise<{ exitCode: number; answer: Record<string, never> & { error?: { code: string } } }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args, "--json"],
      { cwd: folder, timeout: 100_000 },
      (error, stdout, stderr) => {
        try {
          resolve({ exitCode: typeof error?.code === "number" ? error.code : 0, answer: JSON.parse(stdout) });
        } catch {
          reject(new TypeError(`no JSON: ${stdout}${stderr}`));
        }
      },
    );
  });
}

describe("deploy and export", () => {
  test("a rollup onto a development L1, and its files for other nodes", async () => {
    const out = join(folder, "deployment");
    const deployed = await altlayer(
      "deploy",
      "--l1-rpc",
      anvil.url,
      "--development",
      "--chain-id",
      "901",
      "--out",
      out,
    );
    expect(deployed.exitCode).toBe(0);
    expect(deployed.answer).toMatchObject({ l1ChainId: 31337, l2ChainId: 901 });

    const again = await altlayer("deploy", "--l1-rpc", anvil.url, "--development", "--out", out);
    expect(again).toMatchObject({ exitCode: 2, answer: { error: { code: "OUTPUT_EXISTS" } } });

    const exported = join(folder, "exported");
    expect((await altlayer("export", "--from", out, "--out", exported)).exitCode).toBe(0);
    const rollup = parseRollupConfig(readFileSync(join(exported, "rollup.json"), "utf8"));
    expect(rollup).toMatchObject({ l1ChainId: 31337, l2ChainId: 901 });
    expect(JSON.parse(readFileSync(join(exported, "genesis.json"), "utf8")).config.chainId).toBe(901);
    const addresses = JSON.parse(readFileSync(join(exported, "addresses.json"), "utf8"));
    expect(rollup.depositContractAddress).toBe(addresses.OptimismPortalProxy);
    expect((await altlayer("export", "--from", out, "--out", exported)).answer.error?.code).toBe("OUTPUT_EXISTS");
  }, 120_000);

  test("test keys and zero delays are refused off development chains", async () => {
    const live = mkdtempSync(join(tmpdir(), "altlayer-live-"));
    const other = await l1(live, 10_101_010);
    try {
      const refused = await altlayer("deploy", "--l1-rpc", other.url, "--development", "--out", join(live, "out"));
      expect(refused).toMatchObject({ exitCode: 2, answer: { error: { code: "UNSAFE_PARAMETERS" } } });
    } finally {
      await other.stop();
      rmSync(live, { recursive: true, force: true });
    }
  }, 60_000);
});
