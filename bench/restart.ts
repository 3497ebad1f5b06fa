/**
 * kill -9 under load and restart, at 1,000,000 accounts: until the node serves again, and until it makes its next block.
 * The accounts come about by transfers, not by a genesis that holds them. `--accounts N`, `--transactions N` (sent before
 * each kill), `--kills N`.
 */
import { parseArgs } from "node:util";
import { allocFile, send, signedFile } from "./src/loader.ts";
import { describeMachine } from "./src/machine.ts";
import { COMMON_OPTIONS, withDirectory } from "./src/options.ts";
import { startAltlayer } from "./src/peers/altlayer.ts";
import { residentMib } from "./src/process-usage.ts";
import { waitFor } from "./src/program.ts";
import { note } from "./src/progress.ts";
import { print, type Row } from "./src/report.ts";
import { call } from "./src/rpc.ts";
import { measureThroughput } from "./src/throughput.ts";
import { allocSpec, signSpec } from "./src/workload.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    accounts: { type: "string", default: "1000000" },
    transactions: { type: "string", default: "200000" },
    kills: { type: "string", default: "3" },
  },
});
const accounts = values.smoke ? 2_000 : Number(values.accounts);
const transactions = values.smoke ? 2_000 : Number(values.transactions);
const kills = values.smoke ? 1 : Number(values.kills);
const load = { workload: "transfers", accounts, senders: 1_600, seed: 3, inTurn: true } as const;

await withDirectory("restart", async (directory) => {
  const allocPath = await allocFile(allocSpec({ ...load, accounts: load.senders }));
  const total = accounts + transactions * kills;
  const path = await signedFile(signSpec({ ...load, transactions: total }));
  const options = { directory, allocPath, gasLimit: 4_000_000_000, poolSize: total };
  const node = await startAltlayer({ ...options, dataAvailability: "none" });
  const head = async () => Number(await call<string>(node.url, "eth_blockNumber"));
  const rows: Row[] = [];
  const sending = { path, connections: 16, batch: 100 };
  try {
    await measureThroughput(node, { ...sending, count: accounts });
    for (let kill = 0; kill < kills; kill++) {
      await send({ ...sending, url: node.url, first: accounts + kill * transactions, count: transactions });
      const before = await head();
      note(`kill ${kill + 1}`);
      await node.kill();
      const startedAt = performance.now();
      await node.restart();
      const servesMs = performance.now() - startedAt;
      const after = await head();
      await waitFor("the next block", async () => (await head()) > after || undefined, { pollMs: 10 });
      rows.push({
        kill: kill + 1,
        "serves after ms": Math.round(servesMs),
        "next block after ms": Math.round(performance.now() - startedAt),
        "head before": before,
        "head after": after,
        "resident MiB": residentMib(node.pid),
      });
    }
    const setting = {
      load: `${accounts} accounts, ${transactions} transfers before each kill -9, sent as fast as accepted`,
      altlayer: `${node.version}; ${node.setting}`,
    };
    print(
      { name: "restart", about: "kill -9 under load, then from the command to service", setting, rows },
      values,
      machine,
    );
  } finally {
    await node.stop();
  }
});
