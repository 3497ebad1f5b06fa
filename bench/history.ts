/**
 * What a long history costs: token transfers go in, and at equal steps memory, disk, log queries and a restart are measured.
 * `--transactions N` (default 1,000,000; the published figure is for 10,000,000), `--steps N`, `--accounts N`.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { padHex } from "viem";
import { TOKENS } from "./src/contracts.ts";
import { BenchError } from "./src/errors.ts";
import { allocFile, signedFile } from "./src/loader.ts";
import { describeMachine } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { startAltlayer } from "./src/peers/altlayer.ts";
import { residentMib } from "./src/process-usage.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";
import { call, hexNumber } from "./src/rpc.ts";
import { measureThroughput } from "./src/throughput.ts";
import { allocSpec, signSpec } from "./src/workload.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    transactions: { type: "string", default: "1000000" },
    steps: { type: "string", default: "4" },
    accounts: { type: "string", default: "100000" },
  },
});
const steps = values.smoke ? 2 : Number(values.steps);
const transactions = values.smoke ? 2_000 : Number(values.transactions);
const accounts = values.smoke ? 2_000 : Number(values.accounts);
const senders = values.smoke ? 400 : 16_000;
const QUERIES = 20;
const LOGS_MAX_BLOCKS = 10_000_000;
const load = { workload: "erc20", accounts, senders, seed: 11 } as const;

/** Milliseconds of the median of some queries. */
async function median(query: (index: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < QUERIES; index++) {
    const startedAt = performance.now();
    await query(index);
    times.push(performance.now() - startedAt);
  }
  return round(times.sort((a, b) => a - b)[QUERIES / 2] ?? 0);
}

interface Transaction {
  readonly hash: string;
  readonly from: `0x${string}`;
}

/** The transactions of the first block from `number` on that has any besides its deposit. */
async function transactionsFrom(url: string, number: number, head: number): Promise<readonly Transaction[]> {
  for (let at = number; at <= head; at++) {
    const params = [hexNumber(at), true];
    const { transactions: all } = await call<{ transactions: Transaction[] }>(url, "eth_getBlockByNumber", params);
    if (all.length > 1) return all.slice(1);
  }
  throw new BenchError("NOT_INCLUDED", `no transactions in blocks ${number} to ${head}`);
}

await withDirectory("history", async (directory) => {
  const allocPath = await allocFile(allocSpec(load));
  const path = await signedFile(signSpec({ ...load, transactions }));
  const each = Math.floor(transactions / steps);
  const node = await startAltlayer({
    ...{ directory, allocPath, gasLimit: 4_000_000_000, poolSize: each + 10_000 },
    dataAvailability: "none",
    logsMaxBlocks: LOGS_MAX_BLOCKS,
  });
  const rows: Row[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      const done = await measureThroughput(node, {
        path,
        connections: 16,
        batch: 100,
        first: step * each,
        count: each,
      });
      note(`${(step + 1) * each} of ${transactions} transactions, ${Math.round(done.includedPerSecond)}/s`);
      const resident = residentMib(node.pid);
      const head = await call<string>(node.url, "eth_blockNumber");
      const some = await transactionsFrom(node.url, Math.ceil(Number(head) / 2), Number(head));
      const at = (index: number) => some[index % Math.max(1, some.length)];
      const logsMs = await median((index) => {
        const from = padHex(at(index)?.from ?? "0x00", { size: 32 });
        const filter = { address: TOKENS[0], fromBlock: "0x0", toBlock: "latest", topics: [null, from] };
        return call<unknown[]>(node.url, "eth_getLogs", [filter]);
      });
      const receiptMs = await median((index) => call(node.url, "eth_getTransactionReceipt", [at(index)?.hash]));
      await node.kill();
      const startedAt = performance.now();
      await node.restart();
      rows.push({
        transactions: (step + 1) * each,
        blocks: Number(head),
        "included/s": done.includedPerSecond,
        "resident MiB": resident,
        "disk MiB": Number(execFileSync("du", ["-sm", node.dataDirectory]).toString().split("\t")[0]),
        "logs of an account ms": logsMs,
        "receipt ms": receiptMs,
        "restart ms": Math.round(performance.now() - startedAt),
        "resident after restart MiB": residentMib(node.pid),
      });
    }
    const setting = {
      load: `transfers of one token, ${senders} senders, ${accounts} accounts; log queries over the whole chain`,
      altlayer: `${node.version}; ${node.setting}`,
    };
    print({ name: "history", about: "costs as the history grows", setting, rows }, values, machine);
  } finally {
    await node.stop();
  }
});
