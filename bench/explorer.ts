/**
 * The explorer's index. First a real chain: `--seconds N` of `--rate N` transactions a second (`--workload transfers`,
 * `erc20` or `swap`) while the index follows, then the same chain indexed anew from its beginning. Then a chain with
 * `--transactions N` (the published figure is for 10,000,000), written by the indexer's own writes, and each page's API by
 * HTTP. `--only indexing` or `--only pages` for one of them.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Explorer, exampleSpec, IndexFile, rowsOf, startPlatform } from "@altlayer/raas";
import { silentLogger } from "@altlayer/rollup";
import { measurePages } from "./src/explorer/pages.ts";
import { syntheticBlock, syntheticTokens } from "./src/explorer/synthetic.ts";
import { allocFile, signedFile } from "./src/loader.ts";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { startAltlayer } from "./src/peers/altlayer.ts";
import { waitFor } from "./src/program.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";
import { call } from "./src/rpc.ts";
import { measureThroughput } from "./src/throughput.ts";
import { allocSpec, signSpec, type WorkloadName } from "./src/workload.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    only: { type: "string" },
    workload: { type: "string", default: "erc20" },
    rate: { type: "string", default: "5000" },
    seconds: { type: "string", default: "20" },
    accounts: { type: "string", default: "100000" },
    transactions: { type: "string", default: "1000000" },
  },
});
const workload = values.workload as WorkloadName;
const rate = values.smoke ? 1_000 : Number(values.rate);
const seconds = values.smoke ? 2 : Number(values.seconds);
const accounts = values.smoke ? 2_000 : Number(values.accounts);
const senders = values.smoke ? 400 : 16_000;
const transactions = values.smoke ? 10_000 : Number(values.transactions);
const PER_BLOCK = 1_000;
const TOKENS = 500;
const BLOCKS_AT_ONCE = 5;
const ROUNDS = values.smoke ? 3 : 21;
const INDEX_TIMEOUT_MS = 1_200_000;

/** The thread that writes the index, and how far it is. */
async function followed(
  explorer: Explorer,
  id: string,
): Promise<{ readonly number: number; readonly transactions: number }> {
  const db = await explorer.read(id);
  const [tip, total] = await Promise.all([
    db.selectFrom("blocks").select("number").orderBy("number", "desc").executeTakeFirst(),
    db.selectFrom("totals").select("count").where("name", "=", "transactions").executeTakeFirstOrThrow(),
  ]);
  return { number: tip?.number ?? -1, transactions: total.count };
}

/** Waits until an index holds the block. @returns milliseconds, and the transactions that it then holds */
async function indexed(explorer: Explorer, id: string, block: number) {
  const startedAt = performance.now();
  const state = await waitFor(
    `block ${block} in the index`,
    async () => {
      const at = await followed(explorer, id);
      return at.number >= block ? at : undefined;
    },
    { timeoutMs: INDEX_TIMEOUT_MS, pollMs: 20 },
  );
  return { ms: performance.now() - startedAt, transactions: state.transactions };
}

async function indexing(directory: string): Promise<readonly Row[]> {
  const load = { workload, accounts, senders, seed: 21 };
  const count = rate * seconds;
  const allocPath = await allocFile(allocSpec(load));
  const path = await signedFile(signSpec({ ...load, transactions: count }));
  const node = await startAltlayer({
    ...{ directory, allocPath, gasLimit: 4_000_000_000, poolSize: count + 10_000 },
    dataAvailability: "none",
  });
  const explorer = new Explorer({ fileOf: (id) => join(directory, `${id}.db`) }, { log: silentLogger });
  try {
    await explorer.start("live", node.url);
    note(`${count} transactions, ${rate}/s`);
    const done = await measureThroughput(node, { path, connections: 16, batch: 100, count, rate: rate / 100 });
    const { number } = await followed(explorer, "live");
    const head = Number(await call<string>(node.url, "eth_blockNumber"));
    const late = await indexed(explorer, "live", head);
    await explorer.stop("live");
    note("the same chain anew");
    await explorer.start("anew", node.url);
    const anew = await indexed(explorer, "anew", head);
    await explorer.forget("anew");
    return [
      { what: "included a second while indexed", value: Math.round(done.includedPerSecond) },
      { what: "blocks behind the head at the end of the load", value: head - number },
      { what: "until all was indexed, ms", value: Math.round(late.ms) },
      { what: "indexed anew, transactions a second", value: Math.round((anew.transactions / anew.ms) * 1_000) },
      {
        what: "bytes of index a transaction",
        value: Math.round(statSync(join(directory, "anew.db")).size / anew.transactions),
      },
    ];
  } finally {
    await explorer.close();
    await node.stop();
  }
}

async function pages(directory: string): Promise<readonly Row[]> {
  const platform = await startPlatform(
    { dataDir: directory, networks: [], port: 0, version: "bench", requestsPerMinute: 1_000_000 },
    { log: silentLogger },
  );
  try {
    const { people, credentials, rollups, directoryOf } = platform.services;
    const user = await people.localUser();
    const teamId = (await people.teamsOf(user.id))[0]?.id ?? "";
    const { token } = await credentials.createToken({
      ...{ teamId, name: "bench", role: "viewer" as const, createdBy: user.id, ttlMs: null },
    });
    const { id } = await rollups.create({ teamId, spec: exampleSpec(), authorId: user.id });
    await rollups.setDesired(id, "stopped");
    const file = new IndexFile({ file: join(directoryOf(id), "explorer.db") });
    const options = { transactionsPerBlock: PER_BLOCK, accounts: values.smoke ? 500 : 1_000_000, tokens: TOKENS };
    const startedAt = performance.now();
    for (let first = 0; first < transactions / PER_BLOCK; first += BLOCKS_AT_ONCE) {
      const blocks = Array.from({ length: BLOCKS_AT_ONCE }, (_, at) => rowsOf(syntheticBlock(first + at, options)));
      file.append(blocks, first === 0 ? syntheticTokens(TOKENS) : []);
      if ((first / BLOCKS_AT_ONCE) % 200 === 0) note(`${first * PER_BLOCK} of ${transactions} written`);
    }
    const writtenMs = performance.now() - startedAt;
    file.close();
    const base = `${platform.url}/api/v1/teams/${teamId}/rollups/${id}/explorer`;
    const measured = await measurePages({ base, token, transactions, transactionsPerBlock: PER_BLOCK, rounds: ROUNDS });
    const mib = statSync(join(directoryOf(id), "explorer.db")).size / 2 ** 20;
    note(`${Math.round(transactions / (writtenMs / 1_000))} transactions a second written, ${round(mib, 0)} MiB`);
    return measured;
  } finally {
    await platform.close();
  }
}

await withDirectory("explorer", async (directory) => {
  const altlayer = ownVersion();
  if (values.only !== "pages") {
    const rows = await indexing(directory);
    const setting = {
      altlayer,
      load: `${workload}, ${rate}/s for ${seconds} s; node, loader and index on this machine`,
    };
    print({ name: "explorer", about: "the index follows a chain under load", setting, rows }, values, machine);
  }
  if (values.only !== "indexing") {
    const rows = await pages(join(directory, "platform"));
    const setting = {
      altlayer,
      index: `${transactions} transactions in blocks of ${PER_BLOCK}, by HTTP, with the session's checks`,
    };
    print({ name: "explorer pages", about: "the explorer's API on a long chain", setting, rows }, values, machine);
  }
});
