/**
 * The control plane: a restaked launch to the first transaction that MACH made final, then many launches to the first
 * receipt; what rollups without traffic take of memory and CPU; a restart until all serve again; and the API with 1,000
 * rollups in its store. `--rollups N` (launched: the first and the last three alone, the others some at once), `--awake N`
 * (of them, with a block every second; the others rest), `--restaked N` (launched first, one after the other, and
 * stopped), `--at-once N` (launches under way), `--requests N` (a second), `--seconds N` (of each measurement),
 * `--runtime in-process|process` (where the nodes run).
 */
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import type { Platform } from "@altlayer/raas";
import { exampleSpec, RUNTIMES, startL1Clock, startPlatform } from "@altlayer/raas";
import { silentLogger } from "@altlayer/rollup";
import { privateKeyToAccount } from "viem/accounts";
import type { Latencies, Load } from "./src/api-load.ts";
import { BenchError } from "./src/errors.ts";
import { startL1 } from "./src/l1.ts";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { childrenOf, cpuMsOf, descriptorsOf, residentMib, threadsOf } from "./src/process-usage.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";
import { call } from "./src/rpc.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    rollups: { type: "string", default: "10" },
    awake: { type: "string", default: "50" },
    restaked: { type: "string", default: "1" },
    "at-once": { type: "string", default: "4" },
    requests: { type: "string", default: "200" },
    seconds: { type: "string", default: "10" },
    runtime: { type: "string", default: "process" },
  },
});
const launched = values.smoke ? 2 : Number(values.rollups);
const awake = Number(values.awake);
const restaked = Number(values.restaked);
const atOnce = Number(values["at-once"]);
/** Launched alone at the end, so that one slow moment does not make the figure. */
const LAST_ALONE = 3;
const stored = values.smoke ? 50 : 1_000;
const seconds = values.smoke ? 1 : Number(values.seconds);
const runtime = RUNTIMES.find((kind) => kind === values.runtime) ?? "process";
const RECEIVER = "0x00000000000000000000000000000000000aaaaa";
/** Whose transaction is a rollup's first; the faucet answers only so often. */
const USER = privateKeyToAccount(`0x${"b5".repeat(32)}`);
const FEES = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 6n };

const TIMEOUT_MS = 120_000;

/** Waits a moment, or gives up. */
async function pause(since: number, ms: number, what: string): Promise<void> {
  if (performance.now() - since > TIMEOUT_MS)
    throw new BenchError("PROGRAM_FAILED", `${what} took longer than two minutes`);
  await sleep(ms);
}

interface Access {
  readonly base: string;
  readonly token: string;
}

async function ask<T>({ base, token }: Access, method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T & { error?: { message: string } };
  if (!response.ok) throw new BenchError("RPC_FAILED", `${method} ${path}: ${answer.error?.message}`);
  return answer;
}

interface Rollup {
  readonly id: string;
  readonly phase: string;
  readonly endpoints: { readonly rpc: string } | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/** Levels of finality below a certificate. */
const UNCERTIFIED = ["pending", "slice"];
/** As the platform's own development rollups rest. */
const REST_SECONDS = 30;

/** Launches one, and answers how long it took until its first transaction had a receipt, or a certificate. */
async function launch(
  access: Access,
  index: number,
  mach: boolean,
): Promise<{ readonly id: string; readonly ms: number }> {
  const example = exampleSpec();
  const spec = {
    ...example,
    name: `${mach ? "restaked" : "bench"}-${index}`,
    chain: { chainId: (mach ? 40_000 : 50_000) + index, blockTimeSeconds: 1 },
    execution: { ...example.execution, idleSeconds: index < awake ? 0 : REST_SECONDS },
    dataAvailability: { kind: "calldata", maxBatchDelaySeconds: 60 },
    services: { mach: { restaking: mach ? "on" : "off" } },
    genesis: { ...example.genesis, funding: [{ address: USER.address, amountWei: String(10n ** 18n) }] },
  };
  const startedAt = performance.now();
  const { id } = await ask<Rollup>(access, "POST", "/rollups", { spec });
  for (;;) {
    const rollup = await ask<Rollup>(access, "GET", `/rollups/${id}`);
    if (rollup.phase === "running" && rollup.endpoints !== null) {
      const { rpc } = rollup.endpoints;
      const { chainId } = spec.chain;
      const raw = await USER.signTransaction({ type: "eip1559", chainId, nonce: 0, to: RECEIVER, value: 1n, ...FEES });
      const transactionHash = await call<string>(rpc, "eth_sendRawTransaction", [raw]);
      const reached = async () => {
        if (!mach) return (await call(rpc, "eth_getTransactionReceipt", [transactionHash])) !== null;
        const { level } = await call<{ level: string }>(rpc, "mach_getFinality", [transactionHash]);
        return !UNCERTIFIED.includes(level);
      };
      while (!(await reached())) await pause(startedAt, 5, "the first receipt");
      return { id, ms: performance.now() - startedAt };
    }
    const { problem } = rollup;
    await pause(startedAt, 20, `a launch${problem === null ? "" : ` (${problem.code}: ${problem.message})`}`);
  }
}

async function allServe({ services: { runtime } }: Platform, count: number, ids: readonly string[]): Promise<void> {
  const since = performance.now();
  for (const id of ids) {
    let answered = false;
    while (!answered) {
      const running = runtime.running(id);
      answered = running !== null && (await call(running.endpoints.rpc, "eth_chainId", []).catch(() => null)) !== null;
      if (!answered) await pause(since, 10, `the restart of ${count}`);
    }
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What the platform's processes take while nobody uses the rollups: this one, and those that nodes run in. */
async function atRest(processes: () => readonly number[]) {
  collectGarbage();
  const pids = processes();
  const cpuMs = () => sum(pids.map(cpuMsOf));
  const before = cpuMs();
  await sleep(seconds * 1_000);
  const cpuPercent = (cpuMs() - before) / seconds / 10;
  collectGarbage();
  return {
    cpuPercent,
    mib: sum(pids.map(residentMib)),
    threads: sum(pids.map(threadsOf)),
    descriptors: sum(pids.map(descriptorsOf)),
  };
}

const REQUESTS: Readonly<Record<string, string>> = {
  all: "all requests",
  list: "the newest 25",
  stored: "one that is only stored",
  live: "one that runs",
};

const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** Asks the API from another thread, and watches this one, which answers. */
async function askApi(load: Load): Promise<{ readonly latencies: Latencies; readonly loopDelayMs: number }> {
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const worker = new Worker(new URL("./src/api-load.ts", import.meta.url), { workerData: load });
  const latencies = await new Promise<Latencies>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  loop.disable();
  return { latencies, loopDelayMs: loop.percentile(99) / 1e6 };
}

await withDirectory("platform", async (directory) => {
  const l1 = await startL1({ blocks: "clock" });
  const clock = startL1Clock({ url: l1.url, blockTimeSeconds: 1, offsetMs: 0 });
  const network = {
    id: "development",
    name: "L1",
    chainId: 900,
    rpcUrl: l1.url,
    development: true,
    blockTimeSeconds: 1,
  };
  const options = {
    dataDir: join(directory, "platform"),
    port: 0,
    version: "bench",
    networks: [network],
    requestsPerMinute: 1_000_000,
    runtime,
  };
  const start = () => startPlatform(options, { log: silentLogger });
  const processes = () => [process.pid, ...childrenOf(process.pid).filter((pid) => pid !== l1.pid)];
  const rows: Row[] = [];
  let platform = await start();
  try {
    const { people, credentials } = platform.services;
    const user = await people.localUser();
    const [team] = await people.teamsOf(user.id);
    const teamId = team?.id ?? "";
    const { token } = await credentials.createToken({
      teamId,
      name: "bench",
      role: "owner",
      createdBy: user.id,
      ttlMs: null,
    });
    const access = () => ({ base: `${platform.url}/api/v1/teams/${teamId}`, token });
    for (let index = 0; index < restaked; index++) {
      const { id, ms } = await launch(access(), index, true);
      note(`restaked launch ${index + 1} of ${restaked}: ${Math.round(ms)} ms`);
      rows.push({ what: `restaked launch ${index + 1} to the first MACH-final transaction`, ms: Math.round(ms) });
      await ask(access(), "POST", `/rollups/${id}/stop`, {});
      const since = performance.now();
      while (platform.services.runtime.running(id) !== null) await pause(since, 20, "the stop");
    }
    const cpuMs = () => sum([...processes(), l1.pid].map(cpuMsOf));
    const launches: { readonly id: string; readonly ms: number }[] = [];
    const launchNext = async () => {
      const index = launches.length;
      // Its place is taken before it is there, so that those under way at once differ.
      launches.push({ id: "", ms: 0 });
      const done = await launch(access(), index, false);
      launches[index] = done;
      note(`launch ${index + 1} of ${launched}: ${Math.round(done.ms)} ms`);
    };
    await launchNext();
    note("at rest with one");
    const first = await atRest(processes);
    const together = Math.max(0, launched - 1 - LAST_ALONE);
    const before = { at: performance.now(), cpuMs: cpuMs() };
    const launchSome = async () => {
      while (launches.length <= together) await launchNext();
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, together) }, launchSome));
    if (together > 0) {
      rows.push({
        what: `${together} launches, ${atOnce} at once: each`,
        ms: Math.round((performance.now() - before.at) / together),
        // Of all processes, the L1 and the rollups that run already included.
        "CPU ms": Math.round((cpuMs() - before.cpuMs) / together),
      });
    }
    while (launches.length < launched) await launchNext();
    note(`at rest with ${launched}`);
    const all = await atRest(processes);
    const [firstMs, lastMs] = [launches[0]?.ms ?? 0, launches.at(-1)?.ms ?? 0];
    rows.push(
      { what: "first launch to first receipt", ms: Math.round(firstMs) },
      {
        what: `launch ${launched} to first receipt`,
        ms: Math.round(lastMs),
        "x the first": round(lastMs / firstMs, 2),
      },
      {
        what: `median of the last ${LAST_ALONE} launches`,
        ms: Math.round(median(launches.slice(-LAST_ALONE).map(({ ms }) => ms))),
      },
      {
        what: `${launched} rollups, ${Math.min(awake, launched)} with a block a second`,
        "MiB each beyond the first": round((all.mib - first.mib) / Math.max(1, launched - 1), 1),
        "resident MiB": all.mib,
        "CPU % of a core": round(all.cpuPercent),
        threads: all.threads,
        descriptors: all.descriptors,
      },
    );
    const ids = launches.map(({ id }) => id);
    note("closing");
    const closedAt = performance.now();
    await platform.close();
    note(`closed in ${Math.round(performance.now() - closedAt)} ms; starting again`);
    const restartedAt = performance.now();
    const ownCpuMs = cpuMsOf(process.pid);
    platform = await start();
    await allServe(platform, launched, ids);
    const restartMs = performance.now() - restartedAt;
    // The process of the nodes is a new one.
    const restartCpuMs = sum(processes().map(cpuMsOf)) - ownCpuMs;
    rows.push({ what: `restart until ${launched} serve`, ms: Math.round(restartMs), "CPU ms": restartCpuMs });
    note(`all ${launched} serve after ${Math.round(restartMs)} ms; storing ${stored}`);
    for (let index = 0; index < stored; index++) {
      const spec = {
        ...exampleSpec(),
        name: `stored-${index}`,
        chain: { chainId: 100_000 + index, blockTimeSeconds: 1 },
      };
      const { id } = await platform.services.rollups.create({ teamId, spec, authorId: user.id });
      await platform.services.rollups.setDesired(id, "stopped");
    }
    note("asking the API");
    const { latencies, loopDelayMs } = await askApi({
      ...{ ...access(), seconds, perSecond: Number(values.requests) },
      live: ids,
    });
    for (const [kind, ms] of Object.entries({ all: Object.values(latencies).flat(), ...latencies })) {
      ms.sort((a: number, b: number) => a - b);
      const at = (share: number) => round(ms[Math.floor(ms.length * share)] ?? 0);
      rows.push({ what: `API, ${values.requests}/s, ${REQUESTS[kind]}`, "p50 ms": at(0.5), "p99 ms": at(0.99) });
    }
    rows.push({ what: "delay of the API's event loop meanwhile", "p99 ms": round(loopDelayMs) });
    const setting = {
      altlayer: `${ownVersion()}; calldata; nodes ${runtime === "process" ? "in a process beside the control plane's" : "in the control plane's process"}`,
      store: `${stored} rollups beside those that run`,
    };
    print(
      { name: "platform", about: "launches, a restart, and the API of the control plane", setting, rows },
      values,
      machine,
    );
  } finally {
    await platform.close();
    await clock.close();
    await l1.stop();
  }
});
