/**
 * MACH's certificates with real parts: anvil as L1 with the restaking contracts, a sequencer that gathers certificates, and
 * operators that follow and execute, each a process of its own, all on this machine, under a steady load of transfers.
 * A block's certificate counts from the sequencer's head event, a transaction's from when it was due to be sent. The same
 * load runs first on a sequencer alone, and with as many followers but no MACH: what the sequencer pays for which.
 * `--operators N`, `--rate N` (transactions a second), `--seconds N` (of load, in each setting), `--block-time N`,
 * `--in-process` (all operators in one process), `--da none|calldata` (with a batcher), `--settings alone,followers,mach`.
 */
import { readFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keccak256 } from "viem";
import { startMachDevnet } from "../packages/rollup/test/support/mach.ts";
import { type Block, blockDelays, type Delays, percentile, transactionDelays } from "./src/certificates/delays.ts";
import { type Network, type Setting, startNetwork } from "./src/certificates/network.ts";
import { createChain } from "./src/chain.ts";
import { BenchError } from "./src/errors.ts";
import { startL1 } from "./src/l1.ts";
import { allocFile, send, signedFile } from "./src/loader.ts";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { cpuMsOf } from "./src/process-usage.ts";
import { waitFor } from "./src/program.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";
import { call, hexNumber } from "./src/rpc.ts";
import { measureThroughput, type Throughput } from "./src/throughput.ts";
import { allocSpec, signSpec } from "./src/workload.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    operators: { type: "string", default: "4" },
    rate: { type: "string", default: "500" },
    seconds: { type: "string", default: "20" },
    "block-time": { type: "string", default: "1" },
    "in-process": { type: "boolean", default: false },
    da: { type: "string", default: "none" },
    settings: { type: "string", default: "alone,followers,mach" },
  },
});
const operators = Number(values.operators);
const rate = values.smoke ? 50 : Number(values.rate);
const seconds = values.smoke ? 3 : Number(values.seconds);
const dataAvailability = values.da;
if (dataAvailability !== "none" && dataAvailability !== "calldata") {
  throw new BenchError("UNKNOWN_OPTION", `--da ${dataAvailability}`);
}
const settings = (values.smoke ? "mach" : values.settings).split(",").map((setting) => {
  if (setting === "alone" || setting === "followers" || setting === "mach") return setting;
  throw new BenchError("UNKNOWN_OPTION", `--settings ${setting}`);
});

const GAS_LIMIT = 200_000_000;
const CONNECTIONS = 32;
/** So many a sender that its transactions never wait for one another. */
const load = { workload: "transfers", accounts: 10_000, senders: 512, seed: 9 } as const;
/** Code is compiled and caches fill before anything is measured. */
const WARM_UP_SECONDS = values.smoke ? 1 : 4;
const warmUp = Math.ceil((rate * WARM_UP_SECONDS) / CONNECTIONS) * CONNECTIONS;
const count = rate * seconds;
/** A certificate that comes later than this after the load does not come. */
const CERTIFICATE_WAIT_MS = 10_000;

interface Measured {
  readonly setting: Setting;
  readonly throughput: Throughput;
  /** CPU of all operators' processes, in microseconds a transaction. */
  readonly operatorsCpuUs: number;
  readonly loadAverage: number;
  readonly certificates: {
    readonly blocks: Delays & { readonly count: number };
    readonly transactions: ReturnType<typeof transactionDelays>;
  } | null;
}

async function measure(network: Network, setting: Setting, path: string): Promise<Measured> {
  const { url, sequencer, operators } = network;
  const peer = { name: "altlayer", url, pid: sequencer.pid, ownTransactionsPerBlock: 1, log: () => "" };
  await send({ path, url, connections: CONNECTIONS, batch: 1, rate, count: warmUp });
  // All of it stands in blocks before anything is counted.
  const warm = Number(await call<string>(url, "eth_blockNumber")) + 2;
  const head = async () => Number(await call<string>(url, "eth_blockNumber"));
  await waitFor("the warm-up is in blocks", async () => (await head()) >= warm || undefined);
  const first = (await head()) + 1;
  const cpuOf = () => operators.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0);
  const before = cpuOf();
  const throughput = await measureThroughput(peer, {
    path,
    connections: CONNECTIONS,
    batch: 1,
    rate,
    first: warmUp,
    count,
  });
  const operatorsCpuUs = round(((cpuOf() - before) * 1000) / throughput.included, 1);
  const loadAverage = round(loadavg()[0] ?? 0);
  if (setting !== "mach") return { setting, throughput, operatorsCpuUs, loadAverage, certificates: null };

  const sentAtMs = new Map(
    (await hashesOf(path)).slice(warmUp).map((hash, i) => [hash, throughput.startedAtMs + (i * 1000) / rate] as const),
  );
  const blocks: Block[] = [];
  const last = Number(await call<string>(url, "eth_blockNumber"));
  for (let number = first; number <= last; number++) {
    const block = await call<Omit<Block, "number">>(url, "eth_getBlockByNumber", [hexNumber(number), false]);
    if (block.transactions.some((hash) => sentAtMs.has(hash))) blocks.push({ ...block, number });
  }
  const newest = blocks.at(-1)?.number ?? 0;
  const certified = async () => ((await sequencer.status())[0]?.certified ?? 0) >= newest || undefined;
  // What is missing then is counted as missed.
  await waitFor("the last block is certified", certified, { timeoutMs: CERTIFICATE_WAIT_MS }).catch(() => {});
  const recorded = await sequencer.recorded();
  return {
    setting,
    throughput,
    operatorsCpuUs,
    loadAverage,
    certificates: {
      blocks: { ...blockDelays(blocks, recorded), count: blocks.length },
      transactions: transactionDelays(blocks, recorded, sentAtMs),
    },
  };
}

/** Of the transactions in a signed load (bench/loader/src/load_file.rs), in their order. */
async function hashesOf(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  const hashes: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    hashes.push(keccak256(bytes.subarray(start, at)));
  }
  return hashes;
}

function delayRow(what: string, { ms, missed }: Delays): Row {
  const at = (share: number) => {
    const value = percentile(ms, share);
    return value === null ? null : round(value, 1);
  };
  return { what, certified: ms.length, missed, "p50 ms": at(0.5), "p99 ms": at(0.99), "max ms": at(1) };
}

const NAMES = {
  alone: "sequencer alone",
  followers: "with followers, no MACH",
  mach: "with MACH's operators",
} as const;

function report(measured: readonly Measured[]): void {
  const rows: Row[] = [];
  const setting: Record<string, string> = {
    altlayer: `${ownVersion()}; sequencer${dataAvailability === "none" ? ", no batcher" : " and batcher (calldata)"}; blocks of ${values["block-time"]} s`,
    load: `${rate} transfers/s for ${seconds} s after ${WARM_UP_SECONDS} s of warm-up, single requests, pre-signed, ${load.accounts} accounts`,
    operators: `${operators} on loopback on this machine, ${values["in-process"] ? "all in one process" : "each a process"}, each with an engine that executes everything`,
  };
  for (const { setting: kind, throughput, loadAverage, operatorsCpuUs, certificates } of measured) {
    const { included, rejected, reverted, nodeCpuUs, threads } = throughput;
    const rest = `${included} included, ${rejected} refused, ${reverted} reverted`;
    setting[NAMES[kind]] = `${rest}; load average ${loadAverage} in the end`;
    setting[`${NAMES[kind]}, CPU us/tx`] = Object.entries(threads)
      .map(([thread, us]) => `${thread} ${us}`)
      .join(", ");
    if (certificates) {
      const { blocks, transactions } = certificates;
      rows.push(delayRow("block to its certificate", blocks), delayRow("sent to certificate", transactions));
      setting["transactions certified"] = `${transactions.bySlice} by a slice first, the others by their block`;
    }
    rows.push({
      what: `CPU: ${NAMES[kind]}`,
      "sequencer us/tx": round(nodeCpuUs, 1),
      "operators us/tx": kind === "alone" ? null : operatorsCpuUs,
    });
  }
  const cpuOf = (kind: Setting) => measured.find((each) => each.setting === kind)?.throughput.nodeCpuUs ?? Number.NaN;
  for (const other of ["alone", "followers"] as const) {
    const ratio = cpuOf("mach") / cpuOf(other);
    if (!Number.isNaN(ratio)) setting[`sequencer's CPU with MACH to ${NAMES[other]}`] = `${round(ratio)}x`;
  }
  const about = "from a block to its certificate and from a transaction's sending to its first certificate";
  print({ name: "certificates", about, setting, rows }, values, machine);
}

await withDirectory("certificates", async (directory) => {
  const alloc = await readFile(await allocFile(allocSpec(load)), "utf8");
  const path = await signedFile(signSpec({ ...load, transactions: warmUp + count }));
  const l1 = await startL1();
  try {
    const blockTime = Number(values["block-time"]);
    const chain = await createChain({ directory, l1Url: l1.url, alloc, gasLimit: GAS_LIMIT, blockTime });
    note(`restaking the rollup with ${operators} operators`);
    const devnet = { directory, rollup: chain.rollup, anvil: { url: l1.url } };
    const mach = await startMachDevnet(devnet, operators);
    const measured: Measured[] = [];
    try {
      for (const setting of settings) {
        note(`${NAMES[setting]}: starting`);
        const network = await startNetwork({
          ...{ setting, directory: join(directory, setting), l1Url: l1.url, chain, mach, operators },
          ...{ inProcess: values["in-process"], dataAvailability, poolSize: warmUp + count + 10_000 },
        });
        try {
          note(`${NAMES[setting]}: ${rate} transfers/s for ${seconds} s`);
          measured.push(await measure(network, setting, path));
        } finally {
          await network.stop();
        }
      }
    } finally {
      await mach.close();
    }
    report(measured);
  } finally {
    await l1.stop();
  }
});
