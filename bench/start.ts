/**
 * `altlayer dev` and `altlayer platform` (which `npm start` runs) after set-up, from the command to the first transaction's
 * receipt, and on the platform to its first certificate: new and resumed. `--runs N`, `--only dev|platform`.
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

const CLI = fileURLToPath(new URL("../apps/cli/bin/altlayer.mjs", import.meta.url));
const machine = describeMachine();
const { values } = parseArgs({
  options: { ...COMMON_OPTIONS, runs: { type: "string", default: "3" }, only: { type: "string" } },
});

type Command = "dev" | "platform";

const PORTS: Readonly<Record<Command, readonly string[]>> = {
  dev: ["rpc", "l1", "beacon", "metrics", "flashblocks"].map((name) => `--${name}-port`),
  platform: ["--port", ...["rpc", "l1", "beacon", "flashblocks"].map((name) => `--${name}-port`)],
};

async function firstReceipt(command: Command, dataDir: string, fresh: boolean): Promise<Row> {
  const startedAt = performance.now();
  const args = ["--disable-warning=ExperimentalWarning", CLI, command, "--json", "--data-dir", dataDir];
  const ports = PORTS[command].flatMap((flag) => [flag, "0"]);
  const program = startProgram(`altlayer ${command}`, process.execPath, [
    ...args,
    ...ports,
    ...(fresh ? ["--fresh"] : []),
  ]);
  try {
    const ready = await waitFor(`altlayer ${command} is ready`, () => Promise.resolve(parse(program.log())), {
      program,
      pollMs: 5,
    });
    const readyMs = performance.now() - startedAt;
    const { rpc } = ready.endpoints;
    const [account] = ready.accounts;
    const raw = await privateKeyToAccount(account?.privateKey ?? "0x").signTransaction({
      type: "eip1559",
      chainId: ready.chains.l2,
      // The one before is in a block, or lost with it.
      nonce: Number(await call(rpc, "eth_getTransactionCount", [account?.address, "pending"])),
      to: "0x00000000000000000000000000000000000000aa",
      value: 1n,
      gas: 30_000n,
      maxFeePerGas: parseGwei("100"),
      maxPriorityFeePerGas: parseGwei("1"),
    });
    const receipt = await call<Receipt>(rpc, "eth_sendRawTransactionSync", [raw]);
    const receiptMs = performance.now() - startedAt;
    const certified = () => isCertified(rpc, receipt.transactionHash);
    if (command === "platform") await waitFor("the first certificate", certified, { program, pollMs: 5 });
    return {
      command,
      chain: fresh ? "new" : "resumed",
      "ready ms": Math.round(readyMs),
      "receipt ms": Math.round(receiptMs),
      "MACH-final ms": command === "platform" ? Math.round(performance.now() - startedAt) : "",
      status: receipt.status,
    };
  } finally {
    await program.stop();
  }
}

interface Receipt {
  readonly status: string;
  readonly transactionHash: string;
}

/** True once a slice or a block with the transaction is under a certificate. */
async function isCertified(rpc: string, hash: string): Promise<true | undefined> {
  const finality = await call<{ levels: readonly { level: string; reached: boolean }[] } | null>(
    rpc,
    "mach_getFinality",
    [hash],
  );
  const reached = finality?.levels.some(({ level, reached }) => reached && level.endsWith("Certificate")) ?? false;
  return reached ? true : undefined;
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
const commands = (["dev", "platform"] as const).filter((name) => values.only === undefined || values.only === name);
for (let run = 0; run < (values.smoke ? 1 : Number(values.runs)); run++) {
  for (const command of commands) {
    await withDirectory("start", async (directory) => {
      const dataDir = join(directory, command);
      rows.push(await firstReceipt(command, dataDir, true), await firstReceipt(command, dataDir, false));
    });
  }
}
const keyOf = (row: Row) => `${row.command} ${row.chain}`;
rows.sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
const setting = {
  altlayer: `${ownVersion()}; with its L1 (anvil), batcher by blobs and proposer beside it; the platform's first rollup with four operators`,
};
print(
  { name: "start", about: "from the command to the first receipt and certificate", setting, rows },
  values,
  machine,
);
