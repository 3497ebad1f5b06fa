/**
 * `altlayer dev` after set-up, from the command to the first transaction's receipt: on a new chain and on the resumed one.
 * `--runs N`.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseGwei } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describeMachine, ownVersion } from "./src/machine.ts";
import { COMMON_OPTIONS, withDirectory } from "./src/options.ts";
import { startProgram, waitFor } from "./src/program.ts";
import { print, type Row } from "./src/report.ts";
import { call } from "./src/rpc.ts";

interface Ready {
  readonly endpoints: { readonly rpc: string };
  readonly chains: { readonly l2: number };
  readonly accounts: readonly { readonly address: `0x${string}`; readonly privateKey: `0x${string}` }[];
}

const CLI = fileURLToPath(new URL("../apps/cli/src/main.ts", import.meta.url));
const machine = describeMachine();
const { values } = parseArgs({ options: { ...COMMON_OPTIONS, runs: { type: "string", default: "3" } } });

async function firstReceipt(dataDir: string, fresh: boolean, nonce: number): Promise<Row> {
  const startedAt = performance.now();
  const args = ["--disable-warning=ExperimentalWarning", CLI, "dev", "--json", "--data-dir", dataDir];
  const ports = ["rpc", "l1", "beacon", "metrics", "flashblocks"].flatMap((name) => [`--${name}-port`, "0"]);
  const program = startProgram("altlayer dev", process.execPath, [...args, ...ports, ...(fresh ? ["--fresh"] : [])]);
  try {
    const ready = await waitFor("altlayer dev is ready", () => Promise.resolve(parse(program.log())), {
      program,
      pollMs: 5,
    });
    const readyMs = performance.now() - startedAt;
    const [account] = ready.accounts;
    const raw = await privateKeyToAccount(account?.privateKey ?? "0x").signTransaction({
      type: "eip1559",
      chainId: ready.chains.l2,
      nonce,
      to: "0x00000000000000000000000000000000000000aa",
      value: 1n,
      gas: 30_000n,
      maxFeePerGas: parseGwei("100"),
      maxPriorityFeePerGas: parseGwei("1"),
    });
    const receipt = await call<{ status: string }>(ready.endpoints.rpc, "eth_sendRawTransactionSync", [raw]);
    const receiptMs = performance.now() - startedAt;
    return {
      chain: fresh ? "new" : "resumed",
      "ready ms": Math.round(readyMs),
      "receipt ms": Math.round(receiptMs),
      status: receipt.status,
    };
  } finally {
    await program.stop();
  }
}

/** The JSON object that the command prints, once it is whole. */
function parse(text: string): Ready | undefined {
  const start = text.indexOf("{");
  if (start < 0) return undefined;
  try {
    return JSON.parse(text.slice(start)) as Ready;
  } catch {
    return undefined;
  }
}

const rows: Row[] = [];
for (let run = 0; run < (values.smoke ? 1 : Number(values.runs)); run++) {
  await withDirectory("start", async (directory) => {
    const dataDir = join(directory, "dev");
    rows.push(await firstReceipt(dataDir, true, 0), await firstReceipt(dataDir, false, 1));
  });
}
rows.sort((a, b) => String(a.chain).localeCompare(String(b.chain)));
const setting = {
  altlayer: `${ownVersion()}; altlayer dev with its L1 (anvil), batcher by blobs and proposer beside it`,
};
print({ name: "start", about: "altlayer dev, from the command to the first receipt", setting, rows }, values, machine);
