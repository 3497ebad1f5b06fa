import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createPublicClient, http, parseAbi } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DevReady } from "../support/dev-chain.ts";
import { foundryBinary } from "../support/foundry.ts";

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL("./forge/", import.meta.url));
const COMPILER = fileURLToPath(new URL("../../../contracts/solc.mjs", import.meta.url));
const TIMEOUT_MS = 90_000;
const COUNTER = parseAbi(["function number() view returns (uint256)"]);

export function forgeStories(dev: () => DevReady): void {
  let project: string;
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), "altlayer-forge-"));
    cpSync(PROJECT, project, { recursive: true });
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  const forge = async (command: string, ...args: string[]) => {
    const key = dev().accounts[4]?.privateKey ?? "";
    const flags = ["--use", COMPILER, "--offline", "--rpc-url", dev().endpoints.rpc, "--private-key", key];
    const { stdout } = await run(foundryBinary("forge"), [command, ...args, ...flags, "--broadcast", "--json"], {
      cwd: project,
      timeout: TIMEOUT_MS,
    });
    return stdout;
  };
  const numberOf = (address: `0x${string}`) =>
    createPublicClient({ transport: http(dev().endpoints.rpc) }).readContract({
      address,
      abi: COUNTER,
      functionName: "number",
    });

  describe("forge", () => {
    test("creates a contract", async () => {
      // The constructor's arguments take all that follows, so they come last.
      const flags = ["src/Counter.sol:Counter", "--constructor-args-path", "arguments.txt"];
      writeFileSync(join(project, "arguments.txt"), "7");
      const created = JSON.parse(await forge("create", ...flags)) as { deployedTo: `0x${string}` };
      expect(await numberOf(created.deployedTo)).toBe(7n);
    }, 120_000);

    test("runs a script: simulated on the chain's state, sent, and its receipts read back", async () => {
      await forge("script", "script/Deploy.s.sol:Deploy");
      const broadcast = join(project, "broadcast", "Deploy.s.sol", String(dev().chains.l2), "run-latest.json");
      const { receipts } = JSON.parse(readFileSync(broadcast, "utf8")) as {
        receipts: readonly { status: string; contractAddress: `0x${string}` | null }[];
      };
      expect(receipts.map(({ status }) => status)).toEqual(["0x1", "0x1", "0x1", "0x1", "0x1"]);
      const address = receipts.find(({ contractAddress }) => contractAddress !== null)?.contractAddress ?? "0x";
      expect(await numberOf(address)).toBe(5n);
    }, 120_000);
  });
}
