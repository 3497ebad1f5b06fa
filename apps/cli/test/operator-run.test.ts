import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { choosePort } from "../src/dev/ports.ts";
import type { DevReady } from "../src/dev/session.ts";

const PROGRAM = fileURLToPath(new URL("../bin/altlayer.mjs", import.meta.url));
/** What each stakes, in WETH and ALT: the first two hold four fifths of the weight, which is a quorum without the third. */
const STAKES = [
  { weth: 40, alt: 40_000 },
  { weth: 40, alt: 40_000 },
  { weth: 20, alt: 20_000 },
] as const;
/** Of the third operator's WETH, somebody else's who delegates it. */
const DELEGATED = 15;
const WAIT_MS = 90_000;

// biome-ignore lint/suspicious/noExplicitAny: what each command answers is what the assertions below say.
type Answer = any;

let folder: string;
let dev: DevReady;
const running = new Set<ChildProcess>();
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "altlayer-operator-run-"));
});
afterAll(async () => {
  // Operators first, as they follow; all by their own ids.
  for (const each of [...running].reverse()) await stopped(each, "SIGINT");
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** A command that stays: its first answer, and the process. */
async function start(line: string, env: NodeJS.ProcessEnv = {}) {
  const args = [PROGRAM, ...line.split(" "), "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let log = "";
  child.stderr.on("data", (chunk) => {
    log = `${log}${chunk}`.slice(-20_000);
  });
  let output = "";
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.endsWith("}\n")) break;
  }
  const answer: Answer = JSON.parse(output);
  expect(answer.error, `${line}\n${log}`).toBeUndefined();
  child.stdout.resume();
  return { child, answer, log: () => log };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

/** A command that ends, signed by a test account; its answer. */
function altlayer(signer: number | null, line: string): Promise<Answer> {
  const keys = signer === null ? [] : ["--key-env", "STORY_KEY"];
  const env = { ...process.env, STORY_KEY: signer === null ? "" : keyOf(signer) };
  return new Promise((resolve, reject) => {
    const args = [PROGRAM, ...line.split(" "), ...keys, "--json"];
    execFile(process.execPath, args, { timeout: WAIT_MS, env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`altlayer ${line}: ${stdout}${stderr}`));
      else resolve(JSON.parse(stdout.trimEnd().split("\n").at(-1) as string));
    });
  });
}

const keyOf = (account: number) => dev.accounts[account]?.privateKey as `0x${string}`;
const addressOf = (account: number) => dev.accounts[account]?.address as `0x${string}`;

async function ask<T>(rpc: string, method: string, ...params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(rpc, { method: "POST", headers: { "content-type": "application/json" }, body });
  return ((await answer.json()) as { result: T }).result;
}

interface Certificate {
  readonly height: string;
  readonly signers: readonly { readonly operator: string }[];
}

/** The newest block certificate of a node, once it fits. */
async function certificate(rpc: string, fits: (each: Certificate) => boolean): Promise<Certificate> {
  let last: Certificate | null = null;
  for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(100)) {
    last = await ask<Certificate | null>(rpc, "mach_getCertificate", "latest");
    if (last !== null && fits(last)) return last;
  }
  throw new TypeError(`no such certificate; the last: ${JSON.stringify(last)?.slice(0, 500)}`);
}

const signedBy = ({ signers }: Certificate, account: number) =>
  signers.some(({ operator }) => operator === addressOf(account).toLowerCase());

test("three people run operators of a rollup by the command line, and one's machine dies and comes back", async () => {
  const ports = ["rpc", "l1", "beacon", "metrics", "flashblocks", "gossip"].map((name) => `--${name}-port 0`);
  const session = await start(`dev --data-dir ${at("dev")} --l1-block-time 1 ${ports.join(" ")}`);
  dev = session.answer;
  const l1 = `--l1-rpc ${dev.endpoints.l1}`;
  const service = `--service ${at("mach.json")} ${l1}`;

  // The rollup's owner restakes it.
  await altlayer(null, `export --from ${at("dev")} --out ${at("files")}`);
  const deployed = await altlayer(0, `restake deploy --development --out ${at("restaking.json")} ${l1}`);
  const strategyOf = async (token: string) =>
    (await altlayer(0, `restake strategy --core ${at("restaking.json")} --token ${token} ${l1}`)).strategy;
  const strategies = `${await strategyOf(deployed.weth)}:0 ${await strategyOf(deployed.services.alt)}:1`;
  await altlayer(
    0,
    `restake create --rollup ${dev.endpoints.rpc} --deployment ${at("restaking.json")} --network development --strategy ${strategies} --out ${at("mach.json")} ${l1}`,
  );
  for (const [i, { alt }] of STAKES.entries()) {
    await altlayer(0, `stake transfer ${service} --token ALT --to ${addressOf(i + 1)} --amount ${alt}`);
  }

  // Operators are accounts 1 to 3, the staker is account 4.
  await Promise.all(
    STAKES.map(async ({ weth, alt }, i) => {
      const account = i + 1;
      await writeFile(at(`password-${i}`), `password ${i}\n`);
      const keystore = `--bls-keystore ${at(`seed-${i}.json`)} --bls-password-file ${at(`password-${i}`)}`;
      const own = i === 2 ? weth - DELEGATED : weth;
      await altlayer(null, `operator keys ${service} ${keystore} --create`);
      await altlayer(account, `operator register ${service} ${keystore} --allocation-delay 0`);
      await altlayer(account, `operator deposit ${service} --token WETH --up-to ${own} --wrap`);
      await altlayer(account, `operator deposit ${service} --token ALT --up-to ${alt}`);
      if (own < weth) {
        await altlayer(4, `stake deposit ${service} --token WETH --amount ${DELEGATED} --wrap`);
        await altlayer(4, `stake delegate ${service} --to ${addressOf(account)}`);
      }
      await altlayer(account, `operator allocate ${service} --percent 100`);
      await altlayer(account, `operator join ${service}`);
    }),
  );
  await altlayer(0, `restake start ${service}`);
  const { members } = await altlayer(null, `restake status ${service}`);
  expect(members).toHaveLength(STAKES.length);

  // Each runs its node, told of the others beforehand.
  const { suite } = JSON.parse(await readFile(at("mach.json"), "utf8"));
  const listen: number[] = [];
  for (const _ of STAKES) listen.push(await choosePort({ name: "mach", port: 0, fixed: false }, new Set(listen)));
  const multiaddresses = listen.map((port) => `/ip4/127.0.0.1/tcp/${port}`);
  const run = async (i: number) => {
    const config = {
      dataDir: `node-${i}`,
      genesisFile: "files/genesis.json",
      rollupFile: "files/rollup.json",
      l1: { url: dev.endpoints.l1, pollMs: 250, beacon: { urls: [dev.endpoints.beacon] } },
      rpc: { port: 0 },
      gossip: { peers: [dev.endpoints.gossip] },
      followSlices: `${dev.endpoints.flashblocks}/slices`,
      forwardTo: dev.endpoints.rpc,
      mach: {
        ...{ avs: suite.registrar, table: suite.table, verifier: suite.verifier },
        listen: [multiaddresses[i]],
        peers: multiaddresses.filter((_, other) => other !== i),
        operator: {
          address: addressOf(i + 1),
          keystore: `seed-${i}.json`,
          passwordFile: `password-${i}`,
          createJournal: true,
        },
      },
    };
    await writeFile(at(`node-${i}.json`), JSON.stringify(config));
    const line = `operator run --config ${at(`node-${i}.json`)} ${service} --key-env STORY_KEY`;
    return start(line, { STORY_KEY: keyOf(i + 1) });
  };
  const operators = await Promise.all(STAKES.map((_, i) => run(i)));
  const [first, , third] = operators;
  const rpc: string = first?.answer.rpc;
  expect(first?.answer.role).toBe("operator");
  expect(first?.answer.mach[0]).toContain(multiaddresses[0]);
  await certificate(rpc, (each) => [1, 2, 3].every((account) => signedBy(each, account)));

  // A user's transaction, sent to an operator's node, gets there.
  const wallet = createWalletClient({ account: privateKeyToAccount(keyOf(5)), transport: http(rpc) });
  const hash = await wallet.sendTransaction({ chain: null, to: addressOf(6), value: 1n });
  const reached = await altlayer(null, `finality ${hash} --rpc ${rpc} --wait blockCertificate --timeout 60`);
  expect(reached.levels.find(({ level }: Answer) => level === "blockCertificate").reached).toBe(true);

  // The third one's machine dies: blocks built from then on are certified without it, and with it once it is back.
  if (third) await stopped(third.child, "SIGKILL");
  const head = Number(await ask(dev.endpoints.rpc, "eth_blockNumber"));
  // Of the block after the head it may have seen the first slices.
  const alone = await certificate(rpc, (each) => Number(each.height) > head + 1);
  expect(signedBy(alone, 3)).toBe(false);
  const again = await run(2);
  const together = await certificate(rpc, (each) => Number(each.height) > Number(alone.height) && signedBy(each, 3));
  await certificate(again.answer.rpc, (each) => Number(each.height) >= Number(together.height));
  await stopped(again.child, "SIGINT");
  expect(again.child.exitCode).toBe(0);
}, 300_000);
