import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchError } from "./errors.ts";
import { allocFile, signedFile } from "./loader.ts";
import { describeMachine } from "./machine.ts";
import { startAltlayer } from "./peers/altlayer.ts";
import { startAnvil } from "./peers/anvil.ts";
import { startGeth } from "./peers/geth.ts";
import type { Peer, PeerOptions } from "./peers/peer.ts";
import { print, type Row } from "./report.ts";
import { measureThroughput, type Throughput } from "./throughput.ts";
import { allocSpec, signSpec, type WorkloadName } from "./workload.ts";

export interface LoadBench {
  readonly name: string;
  readonly about: string;
  readonly workload: WorkloadName;
  readonly batch: number;
  readonly connections: number;
  readonly senders: number;
  /** Transactions a second that size the load of each peer: a run lasts about `--seconds`. */
  readonly expected: { readonly altlayer: number; readonly geth: number; readonly anvil: number };
}

type PeerName = keyof LoadBench["expected"];

const OPTIONS = {
  json: { type: "boolean", default: false },
  smoke: { type: "boolean", default: false },
  peers: { type: "string", default: "altlayer,geth,anvil" },
  seconds: { type: "string", default: "60" },
  accounts: { type: "string", default: "1000000" },
  senders: { type: "string" },
  connections: { type: "string" },
  batch: { type: "string" },
  transactions: { type: "string" },
  da: { type: "string", default: "none" },
  "gas-limit": { type: "string", default: "4000000000" },
  "node-args": { type: "string", default: "" },
  keep: { type: "boolean", default: false },
} as const;

/**
 * Runs one load against each peer in turn and prints the table.
 *
 * `--peers altlayer,geth,anvil`, `--seconds N` (of load), `--accounts N`, `--senders N`, `--connections N`, `--batch N`,
 * `--transactions N` (the same number for each peer), `--da none|calldata|blobs`, `--gas-limit N`, `--node-args "..."`
 * (for Node, say `--cpu-prof`), `--keep` (the directories), `--smoke` (tiny), `--json`.
 */
export async function runLoadBench(bench: LoadBench): Promise<void> {
  const machine = describeMachine();
  const { values } = parseArgs({ options: OPTIONS });
  const smoke = values.smoke;
  const da = values.da;
  if (da !== "none" && da !== "calldata" && da !== "blobs") throw new BenchError("UNKNOWN_OPTION", `--da ${da}`);
  const peers = (smoke ? "altlayer" : values.peers).split(",") as PeerName[];
  const accounts = smoke ? 2_000 : Number(values.accounts);
  const connections = smoke ? 4 : Number(values.connections ?? bench.connections);
  const wanted = smoke ? 400 : Number(values.senders ?? bench.senders);
  // A multiple of the connections keeps each sender on one of them, and so in the order of its nonces.
  const senders = Math.ceil(wanted / connections) * connections;
  const batch = Number(values.batch ?? bench.batch);
  const countOf = (peer: PeerName) => {
    if (smoke) return 2_000;
    return values.transactions ? Number(values.transactions) : bench.expected[peer] * Number(values.seconds);
  };
  const options = { workload: bench.workload, accounts, senders, seed: 1 };
  const allocPath = await allocFile(allocSpec(options));
  const path = await signedFile(signSpec({ ...options, transactions: Math.max(...peers.map(countOf)) }));

  const rows: Row[] = [];
  const settings: Record<string, string> = {};
  for (const name of peers) {
    const directory = await mkdtemp(join(tmpdir(), `altlayer-bench-${name}-`));
    const peerOptions: PeerOptions = {
      directory,
      allocPath,
      gasLimit: Number(values["gas-limit"]),
      poolSize: countOf(name) + 10_000,
    };
    const nodeArguments = values["node-args"].split(" ").filter((text) => text !== "");
    const peer = await starters[name](peerOptions, { da, nodeArguments });
    try {
      const result = await measureThroughput(peer, { path, connections, batch, count: countOf(name) });
      rows.push(rowOf(peer, result));
      settings[peer.name] = `${peer.version}; ${peer.setting}; a block is ${peer.durability}`;
      const errors = Object.entries(result.errors).map(([message, count]) => `${count} x ${message}`);
      if (errors.length > 0) settings[`${peer.name} refused`] = errors.join("; ");
      settings[`${peer.name} CPU`] = Object.entries(result.threads)
        .map(([thread, us]) => `${thread} ${us}`)
        .join(", ");
    } finally {
      await peer.stop();
      if (!values.keep) await rm(directory, { recursive: true, force: true });
    }
  }
  const [ours] = rows;
  for (const row of rows.slice(1)) {
    settings[`ratio to ${row.peer}`] = (Number(ours?.["included/s"]) / Number(row["included/s"])).toFixed(2);
  }
  const load = `${accounts} accounts, ${senders} senders, ${connections} connections, ${batch === 1 ? "single requests" : `batches of ${batch}`}, pre-signed`;
  print({ name: bench.name, about: bench.about, setting: { load, ...settings }, rows }, { json: values.json }, machine);
}

const starters: Record<
  PeerName,
  (options: PeerOptions, ours: { da: "none" | "calldata" | "blobs"; nodeArguments: readonly string[] }) => Promise<Peer>
> = {
  altlayer: (options, { da, nodeArguments }) => startAltlayer({ ...options, dataAvailability: da, nodeArguments }),
  geth: (options) => startGeth(options),
  anvil: (options) => startAnvil(options),
};

function rowOf(peer: Peer, result: Throughput): Row {
  return {
    peer: peer.name,
    "included/s": result.includedPerSecond,
    "accepted/s": result.acceptedPerSecond,
    included: result.included,
    refused: result.rejected,
    reverted: result.reverted,
    seconds: Math.round(result.elapsedMs / 100) / 10,
    "node CPU us/tx": result.nodeCpuUs,
    "loader CPU us/tx": result.loaderCpuUs,
    "peak MiB": result.peakMib,
    "request p50 ms": result.requestMs.p50Ms,
    "request p99 ms": result.requestMs.p99Ms,
  };
}
