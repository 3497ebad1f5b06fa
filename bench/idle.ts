/**
 * Fifty rollups without traffic in one process, each with blocks of 1 s: memory of each beyond the first, and CPU.
 * `--rollups N`, `--seconds N` (of measuring), `--da none|calldata` (with a batcher each).
 */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createChain } from "./src/chain.ts";
import { BenchError } from "./src/errors.ts";
import { startL1 } from "./src/l1.ts";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { cpuMsOf, residentMib } from "./src/process-usage.ts";
import { print, type Row } from "./src/report.ts";

const SCRIPT = fileURLToPath(new URL("./src/idle-process.ts", import.meta.url));
const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    rollups: { type: "string", default: "50" },
    seconds: { type: "string", default: "20" },
    da: { type: "string", default: "none" },
  },
});
const rollups = values.smoke ? 3 : Number(values.rollups);
const seconds = values.smoke ? 2 : Number(values.seconds);

await withDirectory("idle", async (directory) => {
  const l1 = await startL1();
  try {
    const chain = await createChain({ directory, l1Url: l1.url, alloc: "", gasLimit: 60_000_000 });
    const configFile = join(directory, "node.json");
    const batcher = { key: { kind: "file", path: chain.batcherKeyFile }, dataAvailability: "calldata" };
    const config = {
      dataDir: directory,
      genesisFile: chain.genesisFile,
      rollupFile: chain.rollupFile,
      l1: { url: l1.url, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 4 } },
      rpc: { port: 0 },
      sequencer: { confirmations: 0 },
      ...(values.da === "calldata" ? { batcher } : {}),
    };
    await writeFile(configFile, JSON.stringify(config));
    const { engineDirectory } = chain;
    const argument = JSON.stringify({ configFile, engineDirectory, directory, rollups });
    const child = spawn(process.execPath, ["--expose-gc", "--disable-warning=ExperimentalWarning", SCRIPT, argument], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const pid = child.pid ?? 0;
    const rows: Row[] = [];
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const measure = async (count: number) => {
      while (!output.includes(`started ${count}\n`)) {
        if (child.exitCode !== null) throw new BenchError("PROGRAM_FAILED", "the process with the rollups ended");
        await sleep(50);
      }
      const before = cpuMsOf(pid);
      await sleep(seconds * 1000);
      const cpuMs = cpuMsOf(pid) - before;
      rows.push({
        rollups: count,
        "resident MiB": residentMib(pid),
        "CPU % of a core": round(cpuMs / seconds / 10),
        "CPU ms a block": round(cpuMs / seconds / count),
      });
      child.stdin.write("go\n");
    };
    await measure(1);
    await measure(rollups);
    await new Promise((done) => child.once("exit", done));
    const [one, all] = rows;
    const each = (Number(all?.["resident MiB"]) - Number(one?.["resident MiB"])) / (rollups - 1);
    const setting = {
      altlayer: `${ownVersion()}; sequencer, derivation and JSON-RPC each, ${values.da === "calldata" ? "with a batcher (calldata)" : "no batcher"}; blocks of 1 s`,
      "MiB each beyond the first": round(each, 1),
    };
    print({ name: "idle", about: "rollups without traffic in one process", setting, rows }, values, machine);
  } finally {
    await l1.stop();
  }
});
