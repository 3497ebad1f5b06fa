import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestPlatform } from "../../../packages/raas/test/harness.ts";
import { development, removeDir, startTestPlatform, until } from "../../../packages/raas/test/harness.ts";
import { runner } from "./support/restaking.ts";

/**
 * A chain that another program runs, `altlayer dev` in a process of its own, is attached to a platform by commands, given
 * operators of the platform's, and missed when it ends.
 */

const MAIN = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
const TOKEN = "ALTLAYER_ATTACH_TEST_TOKEN";
const WAIT_MS = 120_000;
/** After a start operators certify again once the L1 has settled what was made meanwhile: epochs, at the L1's pace. */
const CERTIFIED_MS = 300_000;
const CHAIN_ID = 471_101;

interface Ready {
  readonly endpoints: { readonly rpc: string; readonly l1: string; readonly gossip: string };
  readonly addresses: Readonly<Record<string, string>>;
  readonly l2GenesisHash: string;
}

let folder: string;
let theirs: ChildProcess;
let ready: Ready;
let at: TestPlatform;
let hook: Server;
let hookUrl: string;
const told: { readonly alarm: { readonly code: string } | null }[] = [];

const { altlayer, succeeds } = runner(() => ["--url", at.platform.url, "--token-env", TOKEN]);

const options = () => ({
  networks: [development(ready.endpoints.l1)],
  allowPrivateAddresses: true,
  alarmTuning: {
    everyMs: 200,
    timing: { clearAfterMs: 500, relapsesMax: 0, relapseWindowMs: 0, raiseAfterMs: 500 },
  },
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-attach-"));
  const ports = ["rpc", "l1", "beacon", "metrics", "flashblocks", "gossip"].flatMap((name) => [`--${name}-port`, "0"]);
  const chain = ["--chain-id", String(CHAIN_ID), "--l1-block-time", "1", "--block-time", "1", "--da", "calldata"];
  theirs = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      MAIN,
      "dev",
      "--json",
      "--data-dir",
      join(folder, "dev"),
      ...ports,
      ...chain,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let noise = "";
  theirs.stderr?.on("data", (chunk: Buffer) => {
    noise = (noise + chunk.toString()).slice(-4_000);
  });
  ready = await new Promise<Ready>((resolve, reject) => {
    let output = "";
    theirs.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("\n")) resolve(JSON.parse(output.slice(0, output.indexOf("\n"))) as Ready);
    });
    theirs.once("exit", (code) => reject(new TypeError(`altlayer dev ended with ${code}: ${noise}`)));
  });
  hook = createServer((request, response) => {
    void text(request).then((body) => {
      told.push(JSON.parse(body));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
  hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
  at = await startTestPlatform(options());
  const token = { teamId: at.teamId, name: "cli", role: "operator" as const, createdBy: at.userId, ttlMs: null };
  process.env[TOKEN] = (await at.platform.services.credentials.createToken(token)).token;
}, 180_000);

afterAll(async () => {
  delete process.env[TOKEN];
  await at?.close();
  hook?.close();
  await ended();
  if (at) removeDir(at.dataDir);
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function ended(): Promise<void> {
  if (theirs === undefined || theirs.exitCode !== null || theirs.signalCode !== null) return;
  const exit = new Promise((resolve) => theirs.once("exit", resolve));
  theirs.kill("SIGINT");
  await exit;
}

const attach = (systemConfig: string) =>
  `attach ${systemConfig} --name theirs --network development --rpc ${ready.endpoints.rpc}`;
const giveMach = (genesis: string) =>
  `attach-mach theirs --genesis ${genesis} --peer ${ready.endpoints.gossip} --operators 2`;

async function rpc<T>(method: string, params: readonly unknown[] = []): Promise<T> {
  const { items } = (await at.owner.ask("GET", `/teams/${at.teamId}/rollups`)).body;
  const path = `/teams/${at.teamId}/rollups/${items[0].id}/rpc`;
  return (await at.owner.ask("POST", path, { jsonrpc: "2.0", id: 1, method, params })).body.result;
}

/** Waits for a certificate of a block that is not made yet. */
async function certifiedAnew(): Promise<void> {
  const next = Number(await rpc("eth_blockNumber")) + 1;
  await until(
    () => rpc<{ certified: { number: string } | null } | null>("mach_getHead"),
    (head) => Number(head?.certified?.number ?? 0) >= next,
    CERTIFIED_MS,
  );
}

test("where alarms are told is added, tried and listed by commands", async () => {
  const added = await succeeds(null, `alarms add --name pager --webhook ${hookUrl}`);
  expect(added).toMatchObject({ kind: "webhook", name: "pager", secret: expect.stringMatching(/^whsec_/) });
  expect(await succeeds(null, `alarms test ${added.id}`)).toMatchObject({ delivered: true });
  expect(told).toHaveLength(1);
  const listed = await succeeds(null, "alarms destinations");
  expect(listed.map(({ id, name }: { id: string; name: string }) => [id, name])).toEqual([[added.id, "pager"]]);
  expect(JSON.stringify(listed)).not.toContain(added.secret);
  expect(await succeeds(null, "alarms list")).toEqual([]);
});

test("the chain is attached by its SystemConfig, and another's is refused", async () => {
  const wrong = await altlayer(null, attach(ready.addresses.OptimismPortalProxy!));
  expect([wrong.exitCode, wrong.answer.error.code]).toEqual([1, "ATTACH_REFUSED"]);
  const made = await succeeds(null, attach(ready.addresses.SystemConfigProxy!));
  expect(made).toMatchObject({ kind: "attached", chainId: CHAIN_ID, mach: null });
  expect(made.attachment.findings).toContainEqual(expect.objectContaining({ name: "MACH", ok: true }));
  await until(
    async () => await succeeds(null, "show theirs"),
    ({ phase }) => phase === "running",
    WAIT_MS,
  );
}, 180_000);

test("it is given MACH only with the genesis that is its own", async () => {
  const file = join(folder, "dev", "genesis.json");
  const genesis = JSON.parse(readFileSync(file, "utf8"));
  const other = join(folder, "other.json");
  writeFileSync(other, JSON.stringify({ ...genesis, timestamp: "0x1" }));
  for (const wrong of [other, join(folder, "dev", "rollup.json")]) {
    const { exitCode, answer } = await altlayer(null, giveMach(wrong));
    expect([exitCode, answer.error.code, answer.error.data.reason]).toEqual([1, "MACH_REFUSED", "genesis"]);
  }
  const given = await succeeds(null, giveMach(file));
  expect(given).toMatchObject({ kind: "attached", phase: "running", problem: null });
  expect(given.mach.operators).toHaveLength(2);
  // Its blocks are certified, and whoever asks by the chain's page hears of it.
  await certifiedAnew();
  const certificate = await rpc<{ signers: readonly unknown[]; kind: string }>("mach_getCertificate", ["latest"]);
  expect(certificate.kind).toBe("block");
  expect(certificate.signers.length).toBe(2);
  expect((await altlayer(null, giveMach(file).replace("--operators 2", "--operators 3"))).answer.error.code).toBe(
    "CONFLICT",
  );
}, 600_000);

test("a control plane that starts anew goes on with its operators, who remember what they signed", async () => {
  const { items } = (await at.owner.ask("GET", `/teams/${at.teamId}/rollups`)).body;
  const logFile = join(at.dataDir, "rollups", items[0].id, "node.log");
  await at.close();
  const logged = statSync(logFile).size;
  at = await startTestPlatform({ ...options(), dataDir: at.dataDir });
  await until(
    async () => await succeeds(null, "show theirs"),
    ({ phase }) => phase === "running",
    WAIT_MS,
  );
  await certifiedAnew();
  // Both sit at the table again, and neither takes its data for an old backup's, which signs nothing until the L1 has
  // settled all that it may have signed.
  const messages = readFileSync(logFile).subarray(logged).toString();
  expect(messages.match(/"operator in the table"/g)).toHaveLength(2);
  expect(messages).not.toContain("in quarantine");
}, 600_000);

test("when the chain falls silent an alarm is told, and the list says so by its exit code", async () => {
  await ended();
  await until(
    async () => (await altlayer(null, "alarms list --open")).exitCode,
    (code) => code === 1,
    WAIT_MS,
  );
  const { answer } = await altlayer(null, "alarms list --open");
  expect(answer.map(({ code }: { code: string }) => code)).toContain("NODE_SILENT");
  await until(
    async () => told.map(({ alarm }) => alarm?.code),
    (codes) => codes.includes("NODE_SILENT"),
    WAIT_MS,
  );
  const [pager] = await succeeds(null, "alarms destinations");
  await succeeds(null, `alarms remove ${pager.id}`);
  expect(await succeeds(null, "alarms destinations")).toEqual([]);
  expect((await altlayer(null, "alarms test no-such-one")).answer.error.code).toBe("NOT_FOUND");
}, 300_000);
