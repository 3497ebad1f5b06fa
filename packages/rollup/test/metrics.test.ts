import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createLogger } from "../src/log.ts";
import { METRICS, type MetricDefinition, PROCESS_METRICS } from "../src/metrics/definitions.ts";
import { createProcessMetrics } from "../src/metrics/registry.ts";
import { Runway } from "../src/metrics/runway.ts";
import type { RollupNode } from "../src/node/node.ts";
import { type Devnet, proposing, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { Exposition } from "./support/exposition.ts";
import { until } from "./support/until.ts";

const FILES = {
  dashboard: fileURLToPath(new URL("../../../ops/grafana/altlayer-node.json", import.meta.url)),
  rules: fileURLToPath(new URL("../../../ops/prometheus/altlayer.rules.yml", import.meta.url)),
  manual: fileURLToPath(new URL("../../../docs/operations.md", import.meta.url)),
};

const scrape = async (node: RollupNode) => {
  const response = await fetch(`${node.metrics?.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("version=0.0.4");
  return new Exposition(await response.text());
};

const probe = async (node: RollupNode, path: string) => {
  const response = await fetch(`${node.metrics?.url}${path}`);
  const body = (await response.json()) as { ok: boolean; reasons: { check: string }[] };
  return { status: response.status, failing: body.reasons.map(({ check }) => check), ok: body.ok };
};

const ask = (node: RollupNode, method: string, params: unknown[] = []) =>
  fetch(node.rpc?.httpUrl ?? "", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  }).then((response) => response.json() as Promise<{ result?: unknown }>);

const readinessLimits = { diskFreeBytes: 1, safeHeadSeconds: 60, l1HeadSeconds: 60 };

describe("the metrics of a live node", () => {
  let devnet: Devnet;
  let node: RollupNode;
  const lines: string[] = [];

  beforeAll(async () => {
    devnet = await startDevnet();
    const log = createLogger({ level: "debug", write: (line) => lines.push(line) });
    node = await devnet.node(
      "sequencer",
      {
        ...sequencing(),
        ...proposing(devnet),
        gossip: {},
        l1: { ...devnet.l1, timeoutMs: 1_000 },
        metrics: { port: 0, balancePollMs: 300, readiness: readinessLimits },
      },
      { log, processMetrics: createProcessMetrics() },
    );
    await until(() => node.engine.heads().safe.number > 2 && (node.proposer?.created ?? 0) > 0, 40_000);
  }, 120_000);
  afterAll(() => devnet?.close(), 60_000);

  it("holds every metric of the table, each with its help, and those of the process once", async () => {
    const page = await scrape(node);
    for (const { name, help, kind } of Object.values<MetricDefinition>(METRICS)) {
      expect(page.metrics.get(name), name).toEqual({ help, kind });
    }
    for (const name of PROCESS_METRICS) expect(page.text.split(`# TYPE ${name} `)).toHaveLength(2);
  });

  it("tells heads, blocks, batcher, L1 and accounts as they are", async () => {
    const before = node.engine.heads();
    const page = await scrape(node);
    const after = node.engine.heads();
    for (const head of ["unsafe", "safe"] as const) {
      const number = page.value("altlayer_head_block_number", { head });
      expect(number).toBeGreaterThanOrEqual(before[head].number);
      expect(number).toBeLessThanOrEqual(after[head].number);
    }
    const sealed = page.value("altlayer_blocks_sealed_total") ?? 0;
    expect(sealed).toBeGreaterThanOrEqual(before.unsafe.number);
    expect(page.value("altlayer_block_seal_duration_seconds_count")).toBe(sealed);
    // At least the L1 attributes of each.
    expect(page.value("altlayer_block_transactions_total")).toBeGreaterThanOrEqual(sealed);
    expect(page.value("altlayer_block_gas_used_total")).toBeGreaterThan(sealed * 21_000);
    expect(page.value("altlayer_batcher_channels_total")).toBeGreaterThan(0);
    expect(page.value("altlayer_batcher_lag_blocks")).toBeLessThan(after.unsafe.number);
    expect(page.value("altlayer_l1_transactions_total", { role: "batcher", event: "included" })).toBeGreaterThan(0);
    expect(page.value("altlayer_proposer_games_created_total")).toBeGreaterThan(0);
    expect(page.value("altlayer_sequencing_window_blocks")).toBe(devnet.rollup.seqWindowSize);
    expect(page.value("altlayer_sequencing_window_level", { level: "clear" })).toBe(1);
    expect(page.value("altlayer_l1_reachable")).toBe(1);
    expect(page.value("altlayer_derivation_phase", { phase: "deriving" })).toBe(1);
    expect(page.value("altlayer_engine_journal_bytes")).toBeGreaterThan(10_000);
    expect(page.value("altlayer_engine_accounts")).toBeGreaterThan(100);
    expect(page.value("altlayer_data_dir_free_bytes")).toBeGreaterThan(0);
    expect(page.value("altlayer_role_balance_wei", { role: "batcher" })).toBeGreaterThan(1e18);
  });

  it("counts requests by class and outcome, whatever names clients make up", async () => {
    const count = (page: Exposition, labels: Record<string, string>) =>
      page.value("altlayer_rpc_request_duration_seconds_count", labels) ?? 0;
    const before = await scrape(node);
    await ask(node, "eth_blockNumber");
    await ask(node, "eth_getBlockByNumber", ["latest", false]);
    await ask(node, "eth_call", [{ to: "no address" }, "latest"]);
    for (let i = 0; i < 5; i++) await ask(node, `eth_made_up_${i}`);
    const after = await scrape(node);
    const grew = (labels: Record<string, string>) => count(after, labels) - count(before, labels);
    expect(grew({ class: "read", outcome: "ok" })).toBe(2);
    expect(grew({ class: "call", outcome: "error" })).toBe(1);
    expect(grew({ class: "unknown", outcome: "error" })).toBe(5);
    expect(after.text).not.toContain("made_up");
  });

  it("counts a wallet's transactions in the pool and in blocks", async () => {
    const account = privateKeyToAccount(ROLES.owner);
    const wallet = createWalletClient({ account, transport: http(node.rpc?.httpUrl) });
    const before = await scrape(node);
    // A gap in the nonces: it waits.
    const nonce = 1 + Number((await ask(node, "eth_getTransactionCount", [account.address, "pending"])).result);
    const transfer = { to: account.address, value: 1n, chain: null, gas: 21_000n } as const;
    const fees = { maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
    await wallet.sendTransaction({ ...transfer, ...fees, nonce });
    expect((await scrape(node)).value("altlayer_pool_transactions", { state: "waiting" })).toBe(1);
    await wallet.sendTransaction({ ...transfer, ...fees, nonce: nonce - 1 });
    await until(async () => (await scrape(node)).value("altlayer_pool_bytes") === 0);
    const after = await scrape(node);
    const grew = (name: string) => (after.value(name) ?? 0) - (before.value(name) ?? 0);
    expect(grew("altlayer_block_transactions_total")).toBe(grew("altlayer_blocks_sealed_total") + 2);
  });

  it("shares nothing with another node of the process", async () => {
    const follower = await devnet.node("follower", { metrics: { port: 0, readiness: readinessLimits } });
    await until(() => follower.engine.heads().safe.number > 2, 40_000);
    const page = await scrape(follower);
    expect(page.value("altlayer_node_info", { role: "follower" })).toBe(1);
    expect(page.metrics.has("process_cpu_seconds_total")).toBe(false);
    expect(page.value("altlayer_rpc_request_duration_seconds_count", { class: "read", outcome: "ok" })).toBeUndefined();
    expect(page.value("altlayer_l1_transactions_pending", { role: "batcher" })).toBeUndefined();
    await follower.close();
    await expect(fetch(`${follower.metrics?.url}/metrics`)).rejects.toThrow();
  }, 60_000);

  it("is ready, and says why when the L1 is silent; alive throughout", async () => {
    await until(async () => (await probe(node, "/readyz")).ok, 20_000);
    expect(await probe(node, "/healthz")).toEqual({ status: 200, failing: [], ok: true });
    devnet.anvil.freeze();
    try {
      await until(async () => (await probe(node, "/readyz")).failing.includes("l1"), 40_000);
      expect((await probe(node, "/readyz")).status).toBe(503);
      expect(await probe(node, "/healthz")).toEqual({ status: 200, failing: [], ok: true });
      const page = await scrape(node);
      expect(page.value("altlayer_l1_reachable")).toBe(0);
    } finally {
      devnet.anvil.thaw();
    }
    await until(async () => (await probe(node, "/readyz")).ok, 40_000);
    const page = await scrape(node);
    expect(page.value("altlayer_l1_request_errors_total", { code: "L1_TIMEOUT" })).toBeGreaterThan(0);
  }, 120_000);

  it("serves nothing but what it names", async () => {
    expect((await fetch(`${node.metrics?.url}/`)).status).toBe(404);
    expect((await fetch(`${node.metrics?.url}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("never logs a key", () => {
    for (const room of ["batcher", "proposer"])
      expect(lines.some((line) => line.includes(`"room":"${room}"`))).toBe(true);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), message: expect.any(String) });
      for (const key of Object.values(ROLES)) expect(line).not.toContain(key.slice(2));
    }
  });

  it("has what dashboard and alarm rules ask for", async () => {
    const page = await scrape(node);
    const rules = parse(await readFile(FILES.rules, "utf8")) as {
      groups: { name: string; rules: { alert: string; expr: string; labels: object; annotations: object }[] }[];
    };
    const dashboard = JSON.parse(await readFile(FILES.dashboard, "utf8")) as {
      panels: { title: string; targets?: { expr: string }[] }[];
    };
    const alarms = rules.groups.flatMap((group) => group.rules);
    const queries = [
      ...alarms.map(({ expr }) => expr),
      ...dashboard.panels.flatMap(({ targets }) => (targets ?? []).map(({ expr }) => expr)),
    ];
    expect(queries.length).toBeGreaterThan(30);
    for (const query of queries) {
      // What Prometheus itself knows of every target.
      if (/^up\{/.test(query)) continue;
      const names = query.match(/\b(?:altlayer|process|nodejs)_[a-z0-9_]+/g) ?? [];
      expect(names.length, query).toBeGreaterThan(0);
      for (const name of names) expect(page.has(name), `${name} in ${query}`).toBe(true);
    }
    const manual = await readFile(FILES.manual, "utf8");
    for (const { alert, labels, annotations } of alarms) {
      expect(labels).toHaveProperty("severity");
      expect(annotations).toHaveProperty("summary");
      expect(manual, alert).toContain(`### ${alert}`);
    }
  });
});

describe("the manual", () => {
  it("lists every metric with its labels and meaning", async () => {
    const rows = Object.values<MetricDefinition>(METRICS).map(
      ({ name, kind, labels, help }) => `| \`${name}\` | ${kind} | ${labels?.join(", ") ?? ""} | ${help} |`,
    );
    const text = await readFile(FILES.manual, "utf8");
    const table = text.slice(text.indexOf("<!-- metrics -->"), text.indexOf("<!-- /metrics -->")).split("\n");
    expect(table.filter((line) => line.startsWith("| `"))).toEqual(rows);
  });
});

describe("runway", () => {
  const HOUR_MS = 3_600_000;
  const ETHER = 10n ** 18n;

  it("divides the balance by what a day costs", () => {
    const runway = new Runway({ maxSamples: 100 });
    for (let hour = 0; hour <= 12; hour++) runway.add(hour * HOUR_MS, 100n * ETHER - BigInt(hour) * ETHER);
    expect(runway.days).toBeCloseTo(88 / 24, 6);
  });

  it("does not take a deposit for an income", () => {
    const runway = new Runway({ maxSamples: 100 });
    runway.add(0, 10n * ETHER);
    runway.add(HOUR_MS, 9n * ETHER);
    runway.add(2 * HOUR_MS, 50n * ETHER);
    expect(runway.days).toBeCloseTo(50 / 12, 6);
  });

  it("forgets what was spent more than a day ago", () => {
    const runway = new Runway({ maxSamples: 1_000 });
    runway.add(0, 100n * ETHER);
    for (let hour = 1; hour <= 49; hour++) runway.add(hour * HOUR_MS, 50n * ETHER);
    expect(runway.days).toBe(Number.POSITIVE_INFINITY);
  });

  it("says nothing before it has watched, and zero for an empty account", () => {
    const runway = new Runway({ maxSamples: 10 });
    expect(runway.days).toBeNull();
    runway.add(0, ETHER);
    runway.add(1_000, ETHER / 2n);
    expect(runway.days).toBeNull();
    const empty = new Runway({ maxSamples: 10 });
    empty.add(0, 0n);
    expect(empty.days).toBe(0);
  });
});
