/**
 * Bytes on the L1 per transaction, for transfers and for a mix of swaps and token transfers; the share that signatures take;
 * and how many transactions a second an L1 can carry, by blobs and by calldata. `--transactions N`, `--accounts N`.
 */
import { parseArgs } from "node:util";
import { describeMachine } from "./src/machine.ts";
import { COMMON_OPTIONS, round, withDirectory } from "./src/options.ts";
import { produceChain } from "./src/produced-chain.ts";
import { print, type Row } from "./src/report.ts";
import { call, hexNumber } from "./src/rpc.ts";
import type { WorkloadName } from "./src/workload.ts";

const machine = describeMachine();
const { values } = parseArgs({
  options: {
    ...COMMON_OPTIONS,
    transactions: { type: "string", default: "60000" },
    accounts: { type: "string", default: "1000000" },
  },
});
const transactions = values.smoke ? 600 : Number(values.transactions);
const accounts = values.smoke ? 2_000 : Number(values.accounts);

/** r and s of each transaction, and a bit for the parity; what a batch holds and no compression can take out. */
const SIGNATURE_BYTES = 64 + 1 / 8;
/** Ethereum mainnet's slots, blobs (BPO2: at most 21 a block, 14 on average) and gas limit, as of 2026. */
const SLOT_SECONDS = 12;
const BLOBS_MAX = 21;
const BLOBS_TARGET = 14;
const BLOB_BYTES = 130_043;
const L1_GAS_LIMIT = 60_000_000;
/** EIP-7623: what calldata costs at least, a byte that is not zero. */
const GAS_PER_BYTE = 40;

interface L1Block {
  readonly transactions: readonly { readonly to: string | null; readonly input: string }[];
}

const rows: Row[] = [];
let version = "";
for (const workload of ["transfers", "swap"] satisfies WorkloadName[]) {
  await withDirectory("da", async (directory) => {
    const senders = values.smoke ? 400 : 8_000;
    const options = { directory, workload, accounts, senders, transactions, dataAvailability: "calldata" } as const;
    const chain = await produceChain(options);
    const { node } = chain;
    try {
      version = node.version;
      const inbox = node.chain.rollup.batchInboxAddress.toLowerCase();
      const head = Number(await call<string>(node.l1Url, "eth_blockNumber"));
      let bytes = 0;
      for (let number = node.chain.rollup.genesis.l1.number + 1; number <= head; number++) {
        const block = await call<L1Block>(node.l1Url, "eth_getBlockByNumber", [hexNumber(number), true]);
        for (const { to, input } of block.transactions) if (to?.toLowerCase() === inbox) bytes += input.length / 2 - 1;
      }
      const each = bytes / chain.transactions;
      const perSecond = (l1Bytes: number) => Math.round(l1Bytes / SLOT_SECONDS / each);
      rows.push({
        load: workload === "swap" ? "swaps and token transfers" : "transfers",
        transactions: chain.transactions,
        "bytes/tx": round(each, 1),
        "signatures %": Math.round((100 * SIGNATURE_BYTES) / each),
        "tx a blob": Math.floor(BLOB_BYTES / each),
        "tx/s by blobs (max)": perSecond(BLOBS_MAX * BLOB_BYTES),
        "tx/s by blobs (target)": perSecond(BLOBS_TARGET * BLOB_BYTES),
        "tx/s by calldata": perSecond(L1_GAS_LIMIT / GAS_PER_BYTE),
      });
    } finally {
      await node.stop();
    }
  });
}
const setting = {
  load: `${transactions} transactions, random among ${accounts} accounts; span batches, brotli`,
  L1: `slots of ${SLOT_SECONDS} s, ${BLOBS_MAX} blobs at most and ${BLOBS_TARGET} on average, ${L1_GAS_LIMIT / 1e6} Mgas at ${GAS_PER_BYTE} gas a byte of calldata; a chain that has the L1 to itself`,
  altlayer: `${version}; sequencer and batcher`,
};
print(
  { name: "da", about: "bytes on the L1 per transaction, and the ceiling that follows", setting, rows },
  values,
  machine,
);
