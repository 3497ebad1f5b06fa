/**
 * MACH: what its cryptography costs on this machine, and certificates of many operators in virtual time with that cost
 * charged (each operator one CPU of its own, links of 50 ms +- 20 ms one way, eight aggregators, the real aggregator core).
 * `--operators 4,16,100,1000`, `--execute-ms N` for the execution of a block, which is not measured here.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { bn254 } from "@altlayer/engine";
import { AGGREGATOR_LIMITS, EMPTY_AGGREGATOR, SigningJournal, simulateScale, stepAggregator } from "@altlayer/mach";
import {
  BLOCK,
  bytesToHex,
  decodeMessage,
  encodeMessage,
  hexToBytes,
  MachDigests,
  type Message,
} from "@altlayer/protocol";
import { keccak256 as viemKeccak256 } from "viem";

const AGGREGATORS = 8;
const BLOCKS = 20;

const { values } = parseArgs({
  options: {
    operators: { type: "string", default: "4,16,100,1000" },
    "execute-ms": { type: "string", default: "10" },
  },
});
const executeMs = Number(values["execute-ms"]);
const keccak256 = (data: Uint8Array) => hexToBytes(viemKeccak256(data));
const say = (line: string) => process.stdout.write(`${line}\n`);
const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Milliseconds of one run: the median of `rounds`, after a warm-up. */
async function measured(rounds: number, work: () => unknown): Promise<number> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

const digests = new MachDigests(
  { l1ChainId: 1, avs: `0x${"11".repeat(20)}`, operatorSetId: 0, rollupId: `0x${"22".repeat(32)}` },
  { keccak256 },
);
const hash = `0x${"33".repeat(32)}` as const;
const message: Message = {
  kind: BLOCK,
  core: {
    height: 1,
    timestamp: 1,
    originNumber: 0,
    originHash: hash,
    parentHash: hash,
    attributesHash: hash,
    historyRoot: hash,
    transactionCount: 1,
    transactionRoot: hash,
    blockHash: hash,
    outputRoot: hash,
  },
  base: { epoch: 0, l1Hash: hash, height: 0, blockHash: hash },
};
const digest = hexToBytes(digests.message(message));

async function journalMs(): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), "altlayer-bench-"));
  const journal = await SigningJournal.create({ file: path.join(folder, "journal"), identity: hash });
  const time = await measured(50, () => journal.append({ tip: message, quarantineHeight: null }));
  await journal.close();
  await rm(folder, { recursive: true });
  return time;
}

/** The core alone: one share of many, taken and stepped. */
async function stepMs(operators: number): Promise<number> {
  const indices = Array.from({ length: operators }, (_, i) => i);
  const table = { epoch: 0, weights: new Map(indices.map((i) => [i, [1n]])), total: [BigInt(operators)] };
  const config = { schedule: { startBlock: 0, depth: 1, epochLength: 1_000 }, ...AGGREGATOR_LIMITS };
  const whole = await measured(3, () => {
    let { state } = stepAggregator(EMPTY_AGGREGATOR, { type: "table", table }, config);
    for (const from of indices) {
      const share = { type: "share", from, digest: hash, message, signature: "0x" } as const;
      state = stepAggregator(state, share, config).state;
    }
  });
  return whole / operators;
}

say(`${cpus()[0]?.model}, ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`);
const secret = bn254.deriveSecret(new Uint8Array(32).fill(1), digest);
const keys = bn254.publicKeys(secret);
const signature = bn254.sign(secret, digest);
const encoded = encodeMessage(message);
const signMs = await measured(50, () => bn254.sign(secret, digest));
const writeMs = await journalMs();
const readMs = await measured(50, () => digests.message(decodeMessage(encoded)));
say("| operation | ms |\n|---|---|");
say(`| sign | ${number(signMs)} |`);
say(`| verify one signature | ${number(await measured(50, () => bn254.verify(keys.g2, digest, signature)))} |`);
say(
  `| verify with both keys, as contracts do | ${number(await measured(50, () => bn254.verifyWithBothKeys(keys, digest, signature)))} |`,
);
say(`| journal: append and sync | ${number(writeMs)} |`);
say(`| read a message and hash it (${encoded.length} bytes) | ${number(readMs)} |\n`);

say(
  "| operators | check all shares | with one wrong | sum and keys | core, a share | certificate p50 | p99 | CPU a block: aggregator | operator |",
);
say("|---|---|---|---|---|---|---|---|---|");
for (const operators of values.operators.split(",").map(Number)) {
  const secrets = Array.from({ length: operators }, (_, i) =>
    bn254.deriveSecret(new Uint8Array(32).fill(2), hexToBytes(bytesToHex(Uint8Array.of(i >> 8, i & 255)))),
  );
  const set = bn254.keySet(secrets.map((each) => bn254.publicKeys(each).g2));
  const shares = secrets.map((each, position) => ({ position, signature: bn254.sign(each, digest) }));
  const wrong = shares.with(Math.floor(operators / 3), { position: Math.floor(operators / 3), signature });
  const rounds = operators > 200 ? 5 : 20;
  const all = await measured(rounds, () => set.invalidSignatures(digest, shares));
  const bad = await measured(rounds, () => set.invalidSignatures(digest, wrong));
  const positions = shares.map(({ position }) => position);
  const sum = await measured(rounds, () => [set.sum(positions), bn254.sumG1(shares.map((share) => share.signature))]);
  const step = await stepMs(operators);
  const one = await measured(rounds, () => set.invalidSignatures(digest, shares.slice(0, 1)));
  const { latenciesMs, aggregatorCpuMs, operatorCpuMs } = simulateScale(
    {
      operators,
      aggregators: Math.min(AGGREGATORS, operators),
      blocks: BLOCKS,
      linkMs: [30, 70],
      blockMs: 2_000,
      seed: 1,
    },
    {
      executeMs,
      journalMs: writeMs,
      signMs,
      // Linear between one share and all.
      verifyMs: (count) => one + ((all - one) * (count - 1)) / Math.max(1, operators - 1),
      certifyMs: (count) => (sum * count) / operators,
      receiveMs: readMs + step,
    },
  );
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const p99 = sorted[Math.ceil(sorted.length * 0.99) - 1] as number;
  const row = [all, bad, sum, step, median(sorted), p99, aggregatorCpuMs, operatorCpuMs];
  say(`| ${operators} | ${row.map((value) => `${number(value)} ms`).join(" | ")} |`);
}
say(`\nExecution of a block is charged with ${executeMs} ms, which is not measured here.`);
