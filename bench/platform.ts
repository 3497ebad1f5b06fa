/**
 * The control plane: launches from the API call to the first receipt, a restart until all serve again, and the API with
 * 1,000 rollups in its store. `--rollups N` (launched), `--requests N` (a second), `--seconds N`.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Platform } from "@altlayer/raas";
import { exampleSpec, startPlatform } from "@altlayer/raas";
import { silentLogger } from "@altlayer/rollup";
import { BenchError } from "./src/errors.ts";
import { startL1 } from "./src/l1.ts";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { print, type Row } from "./src/report.ts";
import { call } from "./src/rpc.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    rollups: { type: "string", default: "10" },
    requests: { type: "string", default: "200" },
    seconds: { type: "string", default: "10" },
  },
});
const launched = values.smoke ? 2 : Number(values.rollups);
const stored = values.smoke ? 50 : 1_000;
const seconds = values.smoke ? 1 : Number(values.seconds);
const RECEIVER = "0x00000000000000000000000000000000000aaaaa";

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
  return (await response.json()) as T;
}

interface Rollup {
  readonly id: string;
  readonly phase: string;
  readonly endpoints: { readonly rpc: string } | null;
}

async function launch(access: Access, index: number): Promise<number> {
  const spec = { ...exampleSpec(), name: `bench-${index}`, chain: { chainId: 50_000 + index, blockTimeSeconds: 1 } };
  const startedAt = performance.now();
  const { id } = await ask<Rollup>(access, "POST", "/rollups", {
    spec: { ...spec, dataAvailability: { kind: "calldata", maxBatchDelaySeconds: 4 } },
  });
  for (;;) {
    const rollup = await ask<Rollup>(access, "GET", `/rollups/${id}`);
    if (rollup.phase === "running" && rollup.endpoints !== null) {
      const { transactionHash } = await ask<{ transactionHash: string }>(access, "POST", `/rollups/${id}/faucet`, {
        address: RECEIVER,
      });
      while ((await call(rollup.endpoints.rpc, "eth_getTransactionReceipt", [transactionHash])) === null)
        await pause(startedAt, 5, "the first receipt");
      return performance.now() - startedAt;
    }
    await pause(startedAt, 10, "a launch");
  }
}

async function allServe({ services: { runtime } }: Platform, count: number, ids: readonly string[]): Promise<void> {
  const since = performance.now();
  while (ids.filter((id) => runtime.running(id) !== null).length < count) await pause(since, 10, "the restart");
}

await withDirectory("platform", async (directory) => {
  const l1 = await startL1();
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
  };
  const start = () => startPlatform(options, { log: silentLogger });
  const rows: Row[] = [];
  let platform = await start();
  try {
    const { people, credentials, rollups } = platform.services;
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
    const launches: number[] = [];
    for (let index = 0; index < launched; index++) launches.push(await launch(access(), index));
    rows.push(
      { what: "first launch to first receipt", ms: Math.round(launches[0] ?? 0) },
      { what: `launch ${launched} to first receipt`, ms: Math.round(launches.at(-1) ?? 0) },
    );
    const ids = (await rollups.list(teamId, { limit: launched })).map(({ id }) => id);
    await platform.close();
    const restartedAt = performance.now();
    platform = await start();
    await allServe(platform, launched, ids);
    rows.push({ what: `restart until ${launched} serve`, ms: Math.round(performance.now() - restartedAt) });
    for (let index = 0; index < stored; index++) {
      const spec = {
        ...exampleSpec(),
        name: `stored-${index}`,
        chain: { chainId: 100_000 + index, blockTimeSeconds: 1 },
      };
      const { id } = await platform.services.rollups.create({ teamId, spec, authorId: user.id });
      await platform.services.rollups.setDesired(id, "stopped");
    }
    const workerData = { ...access(), seconds, perSecond: Number(values.requests) };
    const worker = new Worker(new URL("./src/api-load.ts", import.meta.url), { workerData });
    const latencies = await new Promise<number[]>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    latencies.sort((a, b) => a - b);
    const at = (share: number) => round(latencies[Math.floor(latencies.length * share)] ?? 0);
    rows.push(
      { what: `API p50, ${values.requests}/s, ${stored} rollups in the store`, ms: at(0.5) },
      { what: "API p99", ms: at(0.99) },
    );
    const setting = {
      altlayer: `${ownVersion()}; everything in one process, nodes included; calldata`,
      requests: latencies.length,
    };
    print(
      { name: "platform", about: "launches, a restart, and the API of the control plane", setting, rows },
      values,
      machine,
    );
  } finally {
    await platform.close();
    await l1.stop();
  }
});
