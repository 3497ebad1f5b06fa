/**
 * An hour of ordinary work: a sequencer with its batcher and a follower, each a process of its own, under a steady load
 * of transactions, reads, subscriptions that come and go and connections that are made anew. Asks whether memory,
 * descriptors and latency stay flat, and whether the follower agrees in the end. `--minutes M` (60), `--rate R`
 * transactions a second (20). Prints a verdict table; exits with 1 if anything grew.
 */
import { Agent } from "node:http";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { createWalletClient, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { ROLES, sequencing, startDevnet } from "../packages/rollup/test/support/devnet.ts";
import { type NodeProcess, startNodeProcess } from "../packages/rollup/test/support/node-process.ts";
import { HonestClients, rpcCall } from "./src/attack/honest.ts";
import { processHealth } from "./src/attack/process-health.ts";
import { type Sample, verdicts } from "./src/soak/verdict.ts";

const SAMPLES = 30;
/** Caches fill and code is compiled in the first fifth: it is not judged. */
const WARM_UP = 0.2;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, rate: { type: "string", default: "20" } },
});
const intervalMs = (Number(values.minutes) * 60_000) / SAMPLES;

const devnet = await startDevnet({ seqWindowSize: 3_600 });
const sequencer = await startNodeProcess(await devnet.configFile("sequencer", sequencing()));
const follower = await startNodeProcess(await devnet.configFile("follower"));
let stopped = false;
const load = Promise.all([send(sequencer, Number(values.rate)), subscribe(sequencer), reconnect(sequencer)]);
// Told at the end, where it is awaited.
load.catch(() => {});

const samples: Sample[] = [];
for (let at = 0; at < SAMPLES; at++) {
  const honest = new HonestClients(sequencer.url, { clients: 8, pauseMs: 50 });
  await new Promise((resolve) => setTimeout(resolve, intervalMs));
  const { p50Ms, p99Ms, errors } = await honest.stop();
  const [s, f] = [processHealth(sequencer.pid), processHealth(follower.pid)];
  samples.push({
    sequencerRssMiB: s.rssMiB,
    sequencerDescriptors: s.descriptors,
    followerRssMiB: f.rssMiB,
    followerDescriptors: f.descriptors,
    p50Ms,
    p99Ms,
    errors,
  });
  process.stdout.write(
    `${String(at + 1).padStart(3)}/${SAMPLES}  sequencer ${s.rssMiB.toFixed(0)} MiB, ${s.descriptors} fds; follower ${f.rssMiB.toFixed(0)} MiB, ${f.descriptors} fds; p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, errors ${errors}, load ${loadavg()[0]?.toFixed(1)}\n`,
  );
}
stopped = true;
const [sent] = await load;
const agreed = await agree(sent);
await sequencer.kill();
await follower.kill();
await devnet.close();

const rows = verdicts(samples.slice(Math.floor(SAMPLES * WARM_UP)));
rows.push({ what: "every transaction included, follower agrees", early: sent, late: agreed, ok: agreed === sent });
process.stdout.write(`\n${"verdict".padEnd(46)}     early      late\n`);
for (const { what, early, late, ok } of rows) {
  process.stdout.write(
    `${what.padEnd(46)} ${early.toFixed(1).padStart(9)} ${late.toFixed(1).padStart(9)}  ${ok ? "flat" : "GREW"}\n`,
  );
}
process.stdout.write(`${values.minutes} minutes, ${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}\n`);
process.exit(rows.every(({ ok }) => ok) ? 0 : 1);

/** Sends transfers at a steady rate; returns how many. */
async function send(node: NodeProcess, perSecond: number): Promise<number> {
  const account = privateKeyToAccount(ROLES.owner);
  const wallet = createWalletClient({ account, transport: http(node.url) });
  const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
  let nonce = 0;
  const startMs = performance.now();
  while (!stopped) {
    const to: Hex = `0x${(0x1000 + (nonce % 10_000)).toString(16).padStart(40, "0")}`;
    await wallet.sendTransaction({ to, value: 1n, nonce: nonce++, chain: null, ...fees });
    const aheadMs = (nonce / perSecond) * 1000 - (performance.now() - startMs);
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }
  return nonce;
}

/** WebSocket clients that subscribe, listen for a moment and go. */
async function subscribe(node: NodeProcess): Promise<void> {
  while (!stopped) {
    const socket = new WebSocket(node.url.replace("http", "ws"));
    await new Promise((resolve) => {
      socket.onopen = resolve;
      socket.onerror = resolve;
    });
    for (const kind of ["newHeads", "newPendingTransactions"]) {
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_subscribe", params: [kind] }));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    socket.close();
  }
}

/** Clients that open a connection for one question, and leave filters behind. */
async function reconnect(node: NodeProcess): Promise<void> {
  while (!stopped) {
    const agent = new Agent();
    await rpcCall(node.url, agent, "eth_newBlockFilter", []).catch(() => {});
    await rpcCall(node.url, agent, "eth_getLogs", [{ fromBlock: "0x0", toBlock: "latest" }]).catch(() => {});
    agent.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Waits until the follower's safe state holds as many transactions as were sent; returns how many it holds. */
async function agree(sent: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const owner = privateKeyToAccount(ROLES.owner).address;
  let held = 0;
  for (const endMs = Date.now() + 60_000; Date.now() < endMs && held < sent; ) {
    held = Number(await rpcCall(follower.url, agent, "eth_getTransactionCount", [owner, "safe"]).catch(() => held));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  agent.destroy();
  return held;
}
