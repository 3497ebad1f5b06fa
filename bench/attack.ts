/**
 * What attackers cost honest clients: latency of wallet-like reads without and under each attack, and the node's
 * memory and descriptors. Node, attackers and honest clients are processes of their own on one machine; everything
 * stays on 127.0.0.1. `--seconds S` an attack (6), `--only TEXT` those whose name holds it, `--json`.
 */
import { fork } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createWalletClient, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { ROLES, sequencing, startDevnet } from "../packages/rollup/test/support/devnet.ts";
import { startNodeProcess } from "../packages/rollup/test/support/node-process.ts";
import { ATTACKS, type Target } from "./src/attack/attacks.ts";
import { HonestClients, type Latencies } from "./src/attack/honest.ts";
import { processHealth } from "./src/attack/process-health.ts";

interface Row {
  readonly attack: string;
  readonly perSecond: number;
  readonly honest: Latencies;
  readonly rssMiB: number;
  readonly descriptors: number;
}

const CLIENTS = { clients: 16, pauseMs: 20 };

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "6" },
    only: { type: "string", default: "" },
    json: { type: "boolean", default: false },
    attacker: { type: "string" },
    target: { type: "string" },
  },
});

if (values.attacker !== undefined) await attacker(values.attacker, JSON.parse(values.target ?? "{}") as Target);
else await bench(Number(values.seconds) * 1000);

/** The attackers' process: runs one attack until it is told to stop, and tells how much it did. */
async function attacker(name: string, target: Target): Promise<void> {
  const stop = new AbortController();
  let done = 0;
  process.once("message", () => stop.abort());
  process.send?.("ready");
  const startMs = performance.now();
  await Promise.race([
    ATTACKS[name]?.(target, stop.signal, () => {
      done++;
    }),
    new Promise((resolve) => stop.signal.addEventListener("abort", () => setTimeout(resolve, 2_000))),
  ]);
  const seconds = (performance.now() - startMs) / 1000;
  process.send?.(Math.round(done / seconds), undefined, undefined, () => process.exit(0));
}

async function bench(durationMs: number): Promise<void> {
  const devnet = await startDevnet();
  const node = await startNodeProcess(await devnet.configFile("sequencer", sequencing()));
  try {
    const key = generatePrivateKey();
    await fund(node.url, key);
    const target: Target = { url: node.url, chainId: devnet.rollup.l2ChainId, key };
    const rows: Row[] = [await measure("none", null, durationMs)];
    for (const name of Object.keys(ATTACKS)) {
      if (!name.includes(values.only)) continue;
      rows.push(await measure(name, target, durationMs));
      if (!values.json) print(rows.at(-1) as Row, rows[0] as Row);
    }
    rows.push(await measure("none, afterwards", null, durationMs));
    if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
    else print(rows.at(-1) as Row, rows[0] as Row);
    process.stdout.write(
      values.json
        ? ""
        : `\n${cpus().length} x ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}\n`,
    );
  } finally {
    await node.kill();
    await devnet.close();
  }

  async function measure(attack: string, target: Target | null, ms: number): Promise<Row> {
    const child =
      target && fork(fileURLToPath(import.meta.url), ["--attacker", attack, "--target", JSON.stringify(target)]);
    if (child) await new Promise((resolve) => child.once("message", resolve));
    // Attackers are at work before honest clients are looked at.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const honest = new HonestClients(node.url, CLIENTS);
    let [rssMiB, descriptors] = [0, 0];
    const watch = setInterval(() => {
      const health = processHealth(node.pid);
      rssMiB = Math.max(rssMiB, health.rssMiB);
      descriptors = Math.max(descriptors, health.descriptors);
    }, 100);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const latencies = await honest.stop();
    clearInterval(watch);
    let perSecond = 0;
    if (child) {
      child.once("message", (told) => {
        perSecond = Number(told);
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.send("stop");
      await ended;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    return { attack, perSecond, honest: latencies, rssMiB, descriptors };
  }
}

async function fund(url: string, key: `0x${string}`): Promise<void> {
  const wallet = createWalletClient({ account: privateKeyToAccount(ROLES.owner), transport: http(url) });
  await wallet.sendTransaction({ to: privateKeyToAccount(key).address, value: parseEther("100"), chain: null });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
}

function print(row: Row, base: Row): void {
  const { attack } = row;
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(10);
  if (row === base || attack === Object.keys(ATTACKS).find((name) => name.includes(values.only))) {
    const heading = "attack".padEnd(34);
    process.stdout.write(`${heading}    /s   honest p50        p99   answers  errors    RSS MiB   descriptors\n`);
    process.stdout.write(line(base));
  }
  process.stdout.write(line(row));
  function line(of: Row): string {
    const numbers = [String(of.honest.count).padStart(9), String(of.honest.errors).padStart(7)].join(" ");
    return `${of.attack.padEnd(34)} ${String(of.perSecond).padStart(5)}  ${ms(of.honest.p50Ms)} ${ms(of.honest.p99Ms)} ${numbers} ${of.rssMiB.toFixed(0).padStart(10)} ${String(of.descriptors).padStart(13)}\n`;
  }
}
