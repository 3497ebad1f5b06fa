import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serviceFileJson } from "@altlayer/restaking";
import { createPublicClient, http, keccak256, numberToHex } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FIRST, startCertifiedChain } from "../../../packages/rollup/test/proxy/support/certified-chain.ts";
import { type ScriptedNode, startScriptedNode } from "../../../packages/sdk/test/support/scripted-node.ts";

const PROGRAM = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
const HASH = keccak256("0x01");
const LEVELS = ["pending", "slice", "sliceCertificate", "block", "blockCertificate", "safe", "finalized", "settled"];
const NOON = Date.UTC(2026, 0, 1, 12);
const SEQUENCER = `0x${"5e".repeat(20)}`;

function altlayer(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ exitCode: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

describe("altlayer finality", () => {
  let node: ScriptedNode;
  let highest: number;
  let heldBack: boolean;

  const by = [
    null,
    { sequencer: SEQUENCER },
    {
      digest: HASH,
      operators: [SEQUENCER, SEQUENCER, SEQUENCER],
      signedWeight: ["0x4563918244f40000"],
      totalWeight: ["0x56bc75e2d63100000"],
    },
    { sequencer: SEQUENCER },
    {
      digest: HASH,
      operators: [SEQUENCER],
      signedWeight: ["0xde0b6b3a7640000", "0x1"],
      totalWeight: ["0x1bc16d674ec80000", "0x2"],
    },
    { l1Block: { number: "0x64", hash: HASH } },
    null,
    null,
  ];
  beforeEach(async () => {
    [highest, heldBack] = [4, false];
    node = await startScriptedNode((method, [id]) => {
      if (method !== "mach_getFinality") throw Object.assign(new TypeError("no such method"), { code: -32601 });
      return {
        id,
        blockNumber: highest < 1 ? null : "0xc",
        blockHash: highest < 3 ? null : keccak256("0x0c"),
        transactionHash: id,
        transactionIndex: highest < 1 ? null : "0x2",
        level: LEVELS[Math.max(0, highest)],
        levels: LEVELS.map((level, i) => ({
          level,
          reached: i <= highest,
          at: i === 0 || i > highest ? null : numberToHex(NOON + 100 * (i - 1)),
          by: by[i],
        })),
        heldBack,
        alerts: heldBack ? [{}] : [],
      };
    });
  });
  afterEach(() => node.close());

  test("prints the ladder with times and who vouches", async () => {
    const { exitCode, stdout } = await altlayer("finality", HASH, "--rpc", node.httpUrl);
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.slice(0, 2)).toEqual([`transaction ${HASH}`, `at 2 in block 12 ${keccak256("0x0c")}`]);
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^ {2}\\* slice +12:00:00\\.000 +the sequencer ${SEQUENCER}$`)),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/\* sliceCertificate +\+100 ms +3 operators with 5 of 100 staked$/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/\* blockCertificate +\+300 ms +1 operator with 1 of 2 and 0\.0+1 of 0\.0+2 staked$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}safe +-$/));
  });

  test("waits for a level, and gives the node's answer as JSON", async () => {
    highest = 1;
    const waiting = altlayer("finality", HASH, "--rpc", node.httpUrl, "--wait", "safe", "--json");
    const deadline = performance.now() + 20_000;
    while (node.asked.length < 2 && performance.now() < deadline) await new Promise((r) => setTimeout(r, 10));
    highest = 5;
    const { exitCode, stdout } = await waiting;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ level: "safe", blockNumber: 12, levels: expect.any(Array) });
  });

  test("a wait that ends in vain, an unknown hash, a block that is held back, a node without MACH", async () => {
    const errorOf = async (...args: string[]) => {
      const { exitCode, stdout } = await altlayer("finality", HASH, "--rpc", node.httpUrl, "--json", ...args);
      return { exitCode, code: JSON.parse(stdout).error?.code };
    };
    expect(await errorOf("--wait", "settled", "--timeout", "1")).toEqual({ exitCode: 1, code: "WAIT_TIMED_OUT" });
    highest = -1;
    expect(await errorOf()).toEqual({ exitCode: 1, code: "NOTHING_FOUND" });
    [highest, heldBack] = [3, true];
    expect((await altlayer("finality", HASH, "--rpc", node.httpUrl)).stdout).toContain("HELD BACK");
    node.script = () => {
      throw Object.assign(new TypeError("no such method"), { code: -32601 });
    };
    expect(await errorOf()).toEqual({ exitCode: 1, code: "RPC_ERROR" });
    expect((await altlayer("finality", "0x12zz")).exitCode).toBe(2);
  });
});

describe("altlayer proxy", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "altlayer-proxy-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("serves certified blocks of a chain from its service file, until it is told to stop", async () => {
    const chain = await startCertifiedChain();
    try {
      const { core, services, suite, rollup, strategy } = chain.world;
      const strategies = [{ strategy, token: services.alt, symbol: "ALT", class: 0, multiplier: 10n ** 18n }];
      const service = join(folder, "mach.json");
      await writeFile(
        service,
        serviceFileJson({ version: 1, l1ChainId: 31_337, core, services, suite, rollup, strategies }),
      );
      await chain.certify(FIRST);
      const args = [
        "--upstream",
        chain.node.httpUrl,
        "--l1-rpc",
        chain.world.anvil.url,
        "--service",
        service,
        "--port",
        "0",
      ];
      const child = spawn(process.execPath, [PROGRAM, "proxy", "--json", ...args], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
      try {
        const ready = await new Promise<string>((resolve) =>
          child.stdout.once("data", (chunk: Buffer) => resolve(String(chunk))),
        );
        const client = createPublicClient({ transport: http(JSON.parse(ready).http, { retryCount: 0 }), cacheTime: 0 });
        const deadline = performance.now() + 20_000;
        let number = await client.getBlockNumber().catch(() => null);
        while (number === null && performance.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          number = await client.getBlockNumber().catch(() => null);
        }
        expect(number).toBe(BigInt(FIRST));
        expect(await chain.l2.getBlockNumber()).toBeGreaterThan(BigInt(FIRST));
      } finally {
        child.kill("SIGTERM");
        expect(await exited).toBe(0);
      }
    } finally {
      await chain.stop();
    }
  }, 60_000);

  test("without its service file it says which one it wants", async () => {
    const { exitCode, stdout } = await altlayer("proxy", "--service", join(folder, "none.json"), "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "CONFIG_NOT_FOUND" } });
  });
});
