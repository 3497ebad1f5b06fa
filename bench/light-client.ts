/**
 * The SDK's light client: CPU of one check of a certificate, all of it (message, storage proofs of the L1, absent
 * operators, pairing), against answers of a real L1 that were recorded, so that no network is in the figure. In Node,
 * and in a browser where there is one: `--browser <path>` (Chromium), `/usr/bin/chromium` unless given.
 * `--operators N` in the table, `--absent N` of them, `--rounds N`.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { certificateRecordSchema, parseAnswer, verifyCertificate } from "@altlayer/sdk";
import { type Client, createClient, custom, type EIP1193RequestFn } from "viem";
import { build } from "vite";
import { startWorld } from "../packages/sdk/test/support/world.ts";
import { BenchError } from "./src/errors.ts";
import { describeMachine } from "./src/machine.ts";
import { COMMON_OPTIONS, round } from "./src/options.ts";

const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    operators: { type: "string", default: "8" },
    absent: { type: "string", default: "2" },
    rounds: { type: "string", default: "50" },
    browser: { type: "string", default: "/usr/bin/chromium" },
  },
});
const operators = Number(values.operators);
const absent = Number(values.absent);
const rounds = values.smoke ? 2 : Number(values.rounds);
const BROWSER_TIMEOUT_MS = 120_000;

/** What a check needs, as JSON: a browser gets the same. */
interface Recorded {
  readonly certificate: unknown;
  readonly service: { readonly l1ChainId: number; readonly avs: `0x${string}`; readonly rollupId: `0x${string}` };
  readonly answers: Readonly<Record<string, unknown>>;
}

async function record(): Promise<Recorded> {
  const world = await startWorld({ stakes: Array.from({ length: operators }, () => 10n) });
  try {
    const message = await world.message();
    const signers = Array.from({ length: operators - absent }, (_, i) => i + absent);
    const certificate = world.certify(message, signers);
    const service = { l1ChainId: 31_337, avs: world.suite.registrar, rollupId: world.rollupId };
    const answers: Record<string, unknown> = {};
    const ask = world.l1.request as unknown as (args: Asked) => Promise<unknown>;
    const l1Client = clientOf(async (asked) => {
      const answer = await ask(asked);
      answers[keyOf(asked)] = answer;
      return answer;
    });
    const parsed = parseAnswer(certificateRecordSchema, certificate, "bench");
    await verifyCertificate({ certificate: parsed, l1Client, trust: { service, l1: { kind: "rpc" } } });
    return { certificate, service, answers };
  } finally {
    await world.stop();
  }
}

interface Asked {
  readonly method: string;
  readonly params?: unknown;
}
const keyOf = ({ method, params }: Asked) => JSON.stringify([method, params ?? []]);
const clientOf = (request: (asked: Asked) => Promise<unknown>): Client =>
  createClient({ transport: custom({ request: request as EIP1193RequestFn }, { retryCount: 0 }) });

/** Runs in Node as it is, and in a browser by its text. */
const LOOP = `
async function loop({ certificate, service, answers }, rounds, { verifyCertificate, parseAnswer, certificateRecordSchema, createClient, custom }) {
  const request = async ({ method, params }) => answers[JSON.stringify([method, params ?? []])];
  const l1Client = createClient({ transport: custom({ request }, { retryCount: 0 }) });
  const times = [];
  for (let i = 0; i <= rounds; i++) {
    const start = performance.now();
    const parsed = parseAnswer(certificateRecordSchema, certificate, "bench");
    await verifyCertificate({ certificate: parsed, l1Client, trust: { service, l1: { kind: "rpc" } } });
    times.push(performance.now() - start);
  }
  return times;
}`;

async function inNode(recorded: Recorded): Promise<readonly number[]> {
  const loop = new Function(`${LOOP}; return loop;`)() as (...args: unknown[]) => Promise<number[]>;
  return loop(recorded, rounds, { verifyCertificate, parseAnswer, certificateRecordSchema, createClient, custom });
}

async function inBrowser(recorded: Recorded): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "altlayer-bench-light-client-"));
  const sdk = fileURLToPath(import.meta.resolve("@altlayer/sdk"));
  const viem = fileURLToPath(import.meta.resolve("viem"));
  const main = join(folder, "main.js");
  await writeFile(
    main,
    `import { verifyCertificate, parseAnswer, certificateRecordSchema } from ${JSON.stringify(sdk)};
import { createClient, custom } from ${JSON.stringify(viem)};
${LOOP}
const told = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });
const recorded = await (await fetch("/recorded")).json();
loop(recorded, ${rounds}, { verifyCertificate, parseAnswer, certificateRecordSchema, createClient, custom })
  .then((times) => told({ times }), (error) => told({ error: String(error) }));`,
  );
  const lib = { entry: main, formats: ["es" as const], fileName: () => "bundle.js" };
  await build({ configFile: false, root: folder, logLevel: "silent", build: { lib, outDir: join(folder, "out") } });
  const bundle = await readFile(join(folder, "out/bundle.js"));
  const result = Promise.withResolvers<readonly number[]>();
  const server = createServer((request, response) => {
    if (request.url === "/bundle.js") return response.setHeader("content-type", "text/javascript").end(bundle);
    if (request.url === "/recorded") return response.end(JSON.stringify(recorded));
    if (request.url !== "/result")
      return response.end('<!doctype html><script type="module" src="/bundle.js"></script>');
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { times, error } = JSON.parse(Buffer.concat(chunks).toString()) as { times?: number[]; error?: string };
      if (times !== undefined) result.resolve(times);
      else result.reject(new BenchError("PROGRAM_FAILED", `the browser failed: ${error}`));
      response.end();
    });
    return response;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`];
  const browser = spawn(values.browser, [...flags, `http://127.0.0.1:${port}/`], { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => browser.once("close", () => resolve()));
  const timer = setTimeout(
    () => result.reject(new BenchError("PROGRAM_FAILED", "the browser did not answer in time")),
    BROWSER_TIMEOUT_MS,
  );
  try {
    return await result.promise;
  } finally {
    clearTimeout(timer);
    browser.kill();
    await exited;
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const machine = describeMachine();
const recorded = await record();
const row = (where: string, [first = 0, ...later]: readonly number[]) => {
  const sorted = later.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0, 1);
  return { where, firstMs: round(first, 1), medianMs: at(0.5), p90Ms: at(0.9) };
};
const before = process.cpuUsage();
const times = await inNode(recorded);
const { user, system } = process.cpuUsage(before);
const rows = [{ ...row("Node", times), cpuMs: round((user + system) / 1000 / times.length, 1) }];
if (existsSync(values.browser)) rows.push({ ...row("browser", await inBrowser(recorded)), cpuMs: Number.NaN });
if (values.json) process.stdout.write(`${JSON.stringify({ machine, operators, absent, rounds, rows })}\n`);
else {
  const { cpu, cores, node, loadBefore } = machine;
  process.stdout.write(`${cpu}, ${cores} cores, Node ${node}, load before ${loadBefore}\n`);
  process.stdout.write(`one check of a certificate of ${operators} operators, ${absent} absent; ${rounds} rounds\n`);
  for (const { where, firstMs, medianMs, p90Ms, cpuMs } of rows) {
    const cpuText = Number.isNaN(cpuMs) ? "" : `, CPU ${cpuMs} ms each`;
    process.stdout.write(
      `  ${where.padEnd(8)} median ${medianMs} ms, p90 ${p90Ms} ms, the first one ${firstMs} ms${cpuText}\n`,
    );
  }
  if (rows.length === 1) process.stdout.write(`  no browser at ${values.browser}: give one with --browser\n`);
}
