/**
 * A follower derives and executes a whole chain from an L1 that serves it locally (anvil, calldata): transfers, and a mix of
 * swaps and token transfers. `--transactions N`, `--accounts N`, `--workloads transfers,swap`. What the protocol code alone
 * takes: `npm run bench -- pipeline`.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { cpuMsOf } from "./src/process-usage.ts";
import { produceChain } from "./src/produced-chain.ts";
import { freePort, startProgram, waitFor } from "./src/program.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";
import { call } from "./src/rpc.ts";
import type { WorkloadName } from "./src/workload.ts";

const CLI = fileURLToPath(new URL("../apps/cli/bin/altlayer.mjs", import.meta.url));
const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    workloads: { type: "string", default: "transfers,swap" },
    transactions: { type: "string", default: "300000" },
    accounts: { type: "string", default: "1000000" },
    "node-args": { type: "string", default: "" },
  },
});
const transactions = values.smoke ? 1_000 : Number(values.transactions);
const accounts = values.smoke ? 2_000 : Number(values.accounts);
const rows: Row[] = [];
let version = "";

for (const workload of values.workloads.split(",") as WorkloadName[]) {
  await withDirectory("derivation", async (directory) => {
    const senders = values.smoke ? 400 : workload === "swap" ? 8_000 : 32_000;
    const options = { directory, workload, accounts, senders, transactions, dataAvailability: "calldata" } as const;
    const chain = await produceChain(options);
    const { node, blocks, gas } = chain;
    try {
      version = node.version;
      // The sequencer's part is done; it must not take CPU from what is measured.
      await node.kill();
      const port = await freePort();
      const configFile = join(directory, "follower.json");
      const config = {
        dataDir: join(directory, "follower"),
        genesisFile: node.chain.genesisFile,
        rollupFile: node.chain.rollupFile,
        logLevel: "warn",
        l1: { url: node.l1Url, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 4 } },
        rpc: { port },
      };
      await writeFile(configFile, JSON.stringify(config));
      const args = values["node-args"].split(" ").filter((text) => text !== "");
      const follower = startProgram("follower", process.execPath, [
        ...["--disable-warning=ExperimentalWarning", ...args, CLI, "node", "--config", configFile],
      ]);
      const url = `http://127.0.0.1:${port}`;
      const safe = async () =>
        Number((await call<{ number: string }>(url, "eth_getBlockByNumber", ["safe", false])).number);
      await waitFor("the follower answers", safe, { program: follower, pollMs: 5, timeoutMs: 300_000 });
      note(`${workload}: a follower derives ${blocks} blocks`);
      const cpuBefore = cpuMsOf(follower.pid);
      const startedAt = performance.now();
      await waitFor("the follower has it all", async () => (await safe()) >= blocks || undefined, {
        ...{ program: follower, pollMs: 20, timeoutMs: 600_000 },
      });
      const elapsedMs = performance.now() - startedAt;
      const cpuMs = cpuMsOf(follower.pid) - cpuBefore;
      rows.push({
        workload,
        transactions: chain.transactions,
        blocks,
        Mgas: Math.round(gas / 1e6),
        seconds: round(elapsedMs / 1000, 1),
        "Mgas/s": Math.round(gas / 1e3 / elapsedMs),
        "Mgas per CPU second": Math.round(gas / 1e3 / cpuMs),
        "CPU us/tx": round((cpuMs * 1000) / chain.transactions, 1),
      });
      await follower.stop();
    } finally {
      await node.stop();
    }
  });
}
const setting = {
  chain: `${accounts} accounts; batches as calldata on anvil (blocks of 1 s), which serves them on the same machine`,
  altlayer: `${version}; a follower alone, that checks the L1's hashes and roots and recovers senders itself`,
};
print({ name: "derivation", about: "derivation and execution from L1 data", setting, rows }, values, machine);
