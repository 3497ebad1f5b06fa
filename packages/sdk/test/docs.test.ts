import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { erc20Abi, keccak256, parseEther } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FINALITY_LEVELS } from "../src/index.ts";
import { type ScriptedNode, startScriptedNode } from "./support/scripted-node.ts";
import { startWorld, type World } from "./support/world.ts";

const run = promisify(execFile);
const root = new URL("../../../", import.meta.url).pathname;
const TIMEOUT_MS = 60_000;
const MNEMONIC = "test test test test test test test test test test test junk";

let world: World;
let node: ScriptedNode;
let folder: string;

beforeAll(async () => {
  world = await startWorld();
  const certificate = world.certify(await world.message(), [0, 1, 2]);
  const { registrar, verifier, table } = world.suite;
  // The staker of the examples.
  const staker = mnemonicToAccount(MNEMONIC, { addressIndex: 7 }).address;
  const deployer = mnemonicToAccount(MNEMONIC, { addressIndex: 0 });
  await world.send(deployer, world.services.alt, erc20Abi, "transfer", [staker, parseEther("1")]);
  node = await startScriptedNode((method, params) => {
    switch (method) {
      case "mach_getCertificate":
        return certificate;
      case "mach_getHead":
        return { certified: { number: "0xa", hash: keccak256("0x0a") }, latest: null, safe: null, finalized: null };
      case "mach_getFinality":
        return {
          blockNumber: "0xa",
          blockHash: keccak256("0x0a"),
          transactionHash: params[0],
          transactionIndex: "0x0",
          level: "blockCertificate",
          levels: FINALITY_LEVELS.map((level, i) => ({
            level,
            reached: i < 5,
            at: i < 5 ? "0x18bcfe56800" : null,
            by: {},
          })),
          heldBack: false,
          alerts: [],
        };
      case "mach_getService":
        return {
          l1ChainId: "0x7a69",
          rollupId: world.rollupId,
          avs: registrar,
          operatorSetId: "0x0",
          table,
          verifier,
          slashableInTime: true,
          threshold: { numerator: "0x2", denominator: "0x3" },
          windows: {
            k: "0x1",
            epochLength: "0x4",
            undecided: "0x14",
            certificateAge: "0x20",
            evidenceWindow: "0x20",
            pauseSlack: "0x8",
          },
          peers: [],
        };
      default:
        throw new TypeError(`not scripted: ${method}`);
    }
  });
  // A program of somebody else's: the packages are installed beside it.
  folder = await mkdtemp(join(tmpdir(), "sdk-docs-"));
  const require = createRequire(import.meta.url);
  await mkdir(join(folder, "node_modules/@altlayer"), { recursive: true });
  await symlink(join(root, "packages/sdk"), join(folder, "node_modules/@altlayer/sdk"));
  await symlink(dirname(require.resolve("viem/package.json")), join(folder, "node_modules/viem"));
  await symlink(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.base.json"), include: ["*.ts"] }),
  );
}, TIMEOUT_MS);
afterAll(async () => {
  await node?.close();
  await world?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test(
  "every example of docs/sdk.md type-checks, runs, and says what it should",
  async () => {
    const text = await readFile(join(root, "docs/sdk.md"), "utf8");
    const examples = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) =>
      (code as string)
        .replaceAll("http://127.0.0.1:9545", node.httpUrl)
        .replaceAll("ws://127.0.0.1:9545", node.wsUrl)
        .replaceAll("http://127.0.0.1:8545", world.anvil.url)
        .replaceAll("0x00000000000000000000000000000000000000a5", world.suite.registrar)
        .replaceAll(`0x${"c5".padStart(64, "0")}`, world.rollupId),
    );
    const names = examples.map((_, i) => join(folder, `example-${i}.ts`));
    for (const [i, name] of names.entries()) await writeFile(name, examples[i] as string);
    const tsc = join(root, "node_modules/.bin/tsc");
    await run(tsc, ["-p", join(folder, "tsconfig.json")]).catch((error: { stdout: string }) => {
      throw new TypeError(`the examples do not type-check:\n${error.stdout}`);
    });
    const outputs: string[] = [];
    for (const name of names) outputs.push((await run(process.execPath, [name], { timeout: TIMEOUT_MS })).stdout);
    expect(outputs).toHaveLength(8);
    expect(outputs[0]).toMatch(/blockCertificate 20\d\d-.*\nsafe -/);
    expect(outputs[1]).toContain(`block 10 is ${keccak256("0x626c6f636b203130")}`);
    expect(outputs[1]).toContain("believing l1-rpc,certificate-node-for-names");
    expect(outputs[2]).toContain("l1-quorum");
    expect(outputs[3]).toContain("certified up to 10");
    expect(outputs[4]).toBe("true\n");
    expect(outputs[5]).toMatch(/^function \d+\n$/);
    expect(outputs[6]).toContain("30 ALT");
    expect(outputs[6]).toMatch(/epoch \d+, table of \d+: 90000000000000000000 of 90000000000000000000, \d+ may join/);
    expect(outputs[7]).toMatch(/2 of 2: deposit, done\n1 ALT in \d+ blocks, about \d+ s\n0 paid out\nCONFLICT\n$/);
  },
  2 * TIMEOUT_MS,
);
