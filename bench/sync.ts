/**
 * `eth_sendRawTransactionSync` from the client's request to its receipt, under 1,000 transactions a second of other load;
 * the times in which blocks are sealed are part of it. `--rate N` (probes a second), `--load N` (a second), `--seconds N`.
 */
import { parseArgs } from "node:util";
import { allocFile, type SendReport, send, signedFile } from "./src/loader.ts";
import { describeMachine } from "./src/machine.ts";
import { COMMON_OPTIONS, withDirectory } from "./src/options.ts";
import { startAltlayer } from "./src/peers/altlayer.ts";
import { print } from "./src/report.ts";
import { allocSpec, signSpec } from "./src/workload.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    rate: { type: "string", default: "50" },
    load: { type: "string", default: "1000" },
    seconds: { type: "string", default: "30" },
    accounts: { type: "string", default: "1000000" },
  },
});
const seconds = values.smoke ? 3 : Number(values.seconds);
const accounts = values.smoke ? 4_000 : Number(values.accounts);
const [rate, load] = [Number(values.rate), Number(values.load)];
/** Enough that a probe never waits for a connection: a second's worth, and more. */
const PROBE_CONNECTIONS = 128;
const LOAD_CONNECTIONS = 32;
const SENDERS = 1_024;
const base = { workload: "transfers", accounts, keyed: 2 * SENDERS, senders: SENDERS, seed: 7 } as const;

await withDirectory("sync", async (directory) => {
  const allocPath = await allocFile(allocSpec(base));
  const probes = await signedFile(signSpec({ ...base, transactions: 2 * rate * seconds }));
  const others = await signedFile(signSpec({ ...base, firstSender: SENDERS, transactions: load * seconds }));
  const node = await startAltlayer({
    directory,
    allocPath,
    gasLimit: 1_200_000_000,
    poolSize: 200_000,
    dataAvailability: "none",
  });
  try {
    const probe = {
      path: probes,
      url: node.url,
      connections: PROBE_CONNECTIONS,
      batch: 1,
      rate,
      count: rate * seconds,
      sync: true,
    };
    const quiet = await send(probe);
    const [loaded, other] = await Promise.all([
      send({ ...probe, first: rate * seconds }),
      send({ path: others, url: node.url, connections: LOAD_CONNECTIONS, batch: 1, rate: load, count: load * seconds }),
    ]);
    const row = (under: string, { latency, accepted, rejected }: SendReport) => ({
      under,
      receipts: accepted,
      refused: rejected,
      "p50 ms": latency.p50Ms,
      "p90 ms": latency.p90Ms,
      "p99 ms": latency.p99Ms,
      "max ms": latency.maxMs,
    });
    const rows = [row("nothing else", quiet), row(`${load} tx/s`, loaded)];
    const setting = {
      load: `${rate} probes/s for ${seconds} s beside ${load} single requests/s, ${accounts} accounts; ${other.rejected} of the load refused`,
      altlayer: `${node.version}; ${node.setting}; blocks of 1 s`,
    };
    print({ name: "sync", about: "eth_sendRawTransactionSync, request to receipt", setting, rows }, values, machine);
  } finally {
    await node.stop();
  }
});
