import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { MetricDefinition } from "../../src/metrics/definitions.ts";
import { PROXY_METRICS } from "../../src/proxy/metrics.ts";
import type { FinalityProxy } from "../../src/proxy/proxy.ts";
import { Exposition } from "../support/exposition.ts";
import { ask, codeOf, headIs, problemIs, raw, until } from "./support/ask.ts";
import { type CertifiedChain, FIRST, startCertifiedChain } from "./support/certified-chain.ts";

let chain: CertifiedChain;
beforeAll(async () => {
  chain = await startCertifiedChain();
}, 60_000);
afterEach(() => chain.reset());
afterAll(() => chain?.stop());

const scrape = async (proxy: FinalityProxy) =>
  new Exposition(await (await fetch(`${proxy.metricsUrl}/metrics`)).text());
const ready = async (proxy: FinalityProxy) => {
  const response = await fetch(`${proxy.metricsUrl}/readyz`);
  const { reasons } = (await response.json()) as { readonly reasons: readonly { readonly check: string }[] };
  return { status: response.status, failing: reasons.map(({ check }) => check) };
};

test("tells what is certified, what was refused, and why the breaker is open", async () => {
  const proxy = await chain.proxy({ metrics: { port: 0 } });
  expect(await ready(proxy)).toEqual({ status: 503, failing: ["certificate"] });
  expect((await scrape(proxy)).value("altlayer_proxy_certified_block_number")).toBeUndefined();
  await chain.certify(FIRST, { signers: [0] });
  await problemIs(proxy, "BELOW_THRESHOLD");
  await chain.certify(FIRST);
  await headIs(proxy, FIRST);
  expect(await ready(proxy)).toEqual({ status: 200, failing: [] });
  await raw(proxy, ask("eth_blockNumber"));
  await raw(proxy, ask("eth_made_up"));
  await raw(proxy, ask("eth_newBlockFilter"));

  const page = await scrape(proxy);
  for (const { name, help, kind } of Object.values<MetricDefinition>(PROXY_METRICS)) {
    expect(page.metrics.get(name), name).toEqual({ help, kind });
  }
  expect(page.value("altlayer_proxy_certified_block_number")).toBe(FIRST);
  expect(page.value("altlayer_proxy_certified_timestamp_seconds")).toBe(1_700_000_000);
  expect(page.value("altlayer_proxy_certificates_total", { outcome: "BELOW_THRESHOLD" })).toBeGreaterThan(0);
  expect(page.value("altlayer_proxy_certificates_total", { outcome: "verified" })).toBe(1);
  expect(page.value("altlayer_proxy_request_duration_seconds_count", { class: "read", outcome: "ok" })).toBe(2);
  expect(page.value("altlayer_proxy_upstream_requests_total")).toBeGreaterThan(0);
  expect(page.value("altlayer_proxy_filters")).toBe(1);
  expect(page.text).not.toContain("made_up");

  chain.voidAt(FIRST);
  await until("it trips", () => proxy.status().tripped !== null);
  expect(await ready(proxy)).toEqual({ status: 503, failing: ["breaker"] });
  expect((await fetch(`${proxy.metricsUrl}/healthz`)).status).toBe(200);
  const after = await scrape(proxy);
  expect(after.value("altlayer_proxy_tripped", { reason: "CERTIFICATE_VOID" })).toBe(1);
  expect(after.value("altlayer_proxy_trips_total", { reason: "CERTIFICATE_VOID" })).toBe(1);
  expect(after.value("altlayer_proxy_trips_total", { reason: "BLOCK_HELD_BACK" })).toBe(0);
}, 120_000);

test("clients that crowd the upstream wait, then are refused; the breaker looks all the same", async () => {
  await chain.certify(FIRST);
  const proxy = await chain.proxy({ metrics: { port: 0 }, upstreamLimits: { running: 1, waiting: 1 } });
  await headIs(proxy, FIRST);
  const released = Promise.withResolvers<void>();
  chain.lies.set("eth_gasPrice", async (answer) => {
    await released.promise;
    return answer;
  });
  const asked = [codeOf(proxy, "eth_gasPrice")];
  // The only place is taken, or will be: until one more than may wait is refused.
  let refused = false;
  await until("one is refused", async () => {
    const next = codeOf(proxy, "eth_gasPrice");
    asked.push(next);
    refused ||= (await Promise.race([next, new Promise((resolve) => setTimeout(resolve, 50, "waits"))])) === "BUSY";
    return refused;
  });
  expect((await scrape(proxy)).value("altlayer_proxy_upstream_waiting")).toBe(1);
  await chain.certify(FIRST + 1);
  await headIs(proxy, FIRST + 1);
  released.resolve();
  const answers = await Promise.all(asked);
  expect(answers.filter((answer) => answer === "answered")).toHaveLength(2);
  expect(new Set(answers)).toEqual(new Set(["answered", "BUSY"]));
}, 120_000);

test("the manual has every metric of the table", async () => {
  const manual = await readFile(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
  for (const { name, kind, labels = [], help } of Object.values<MetricDefinition>(PROXY_METRICS)) {
    expect(manual).toContain(`| \`${name}\` | ${kind} | ${labels.join(", ")} | ${help} |`);
  }
});
