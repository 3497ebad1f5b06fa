/**
 * How fast L1 data becomes payload attributes: blocks of transfers go through the batcher's channel builder into blobs,
 * and the pipeline derives them again. Pure protocol code on one core, no engine, no network; hashes of blocks are made up.
 * `--transactions N` (a block), `--blocks N`, `--batches span|singular`.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import {
  ChannelBuilder,
  DerivationPipeline,
  encodeFrames,
  type Hex,
  MAX_BLOB_FRAME_SIZE,
  type PipelineStep,
} from "@altlayer/protocol";
import { compress, decompress } from "@altlayer/protocol/compression";
import {
  genesisRef,
  keccak256,
  SimulatedL1,
  SimulatedL2,
  testConfig,
  transfer,
} from "../packages/protocol/test/support/simulation.ts";

const GAS_PER_TRANSFER = 21_000;
const BLOCKS_PER_CHANNEL = 10;

const { values } = parseArgs({
  options: {
    transactions: { type: "string", default: "2000" },
    blocks: { type: "string", default: "60" },
    batches: { type: "string", default: "span" },
    smoke: { type: "boolean", default: false },
  },
});
const blocks = values.smoke ? 12 : Number(values.blocks);
const batchKind = values.batches === "singular" ? "singular" : "span";
const config = testConfig({ holocene: 0 });
const l1 = new SimulatedL1();
const l2 = new SimulatedL2(config, l1);
const total = blocks * Number(values.transactions);

let nonce = 0;
while (l2.blocks.length < blocks) {
  const time = l2.head.timestamp + config.blockTime;
  while (l1.head.timestamp <= time) l1.mine();
  const next = l1.blocks[l2.head.l1Origin.number + 1];
  const transactions = Array.from({ length: Number(values.transactions) }, () => transfer(256 + (nonce++ % 60_000)));
  l2.build(next !== undefined && time >= next.timestamp ? { origin: next.number, transactions } : { transactions });
}

let compressMs = 0;
let compressedBytes = 0;
const batcherStart = performance.now();
for (let from = 0; from < l2.blocks.length; from += BLOCKS_PER_CHANNEL) {
  const channelId: Hex = `0x${from.toString(16).padStart(32, "0")}`;
  const builder = new ChannelBuilder(
    {
      channelId,
      batchKind,
      algorithm: "brotli",
      maxFrameSize: MAX_BLOB_FRAME_SIZE,
      targetFrames: 1_000,
      expectedRatio: 0.6,
      openedAtL1: 0,
      maxL1Blocks: 1_000,
      maxContentBytes: 100_000_000,
    },
    { config },
  );
  for (const { payload } of l2.blocks.slice(from, from + BLOCKS_PER_CHANNEL)) builder.add(payload);
  const content = builder.content();
  const start = performance.now();
  const compressed = compress("brotli", content, 5);
  compressMs += performance.now() - start;
  compressedBytes += compressed.length;
  l1.mine({ transactions: [l1.blobTransaction(builder.seal(compressed).map((frame) => encodeFrames([frame])))] });
}
const batcherMs = performance.now() - batcherStart;

function derive(): number {
  const pipeline = new DerivationPipeline({ config }, { keccak256, decompress });
  const start = performance.now();
  pipeline.reset({ origin: l1.blocks[0] as (typeof l1.blocks)[number], systemConfig: config.genesis.systemConfig });
  let safeHead = genesisRef(config);
  for (let derived = 0; derived < l2.blocks.length; ) {
    const step: PipelineStep = pipeline.step(safeHead);
    if (step.kind === "needL1Block") pipeline.provideL1Block(l1.blocks[step.number] as (typeof l1.blocks)[number]);
    else if (step.kind === "needBlobs") {
      pipeline.provideBlobs(step.blobs.map(({ versionedHash }) => l1.blobs.get(versionedHash) as Uint8Array));
    } else if (step.kind === "attributes") safeHead = (l2.blocks[derived++] as (typeof l2.blocks)[number]).ref;
  }
  return performance.now() - start;
}

const [warmMs, ...runs] = [derive(), derive(), derive()];
const derivationMs = Math.min(...runs);
const perSecond = (ms: number) => Math.round((total / ms) * 1000);
const line = (name: string, value: string) => process.stdout.write(`${name.padEnd(28)}${value}\n`);
line("machine", `${cpus().length} cores, ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`);
line("transfers", `${total} in ${blocks} blocks, ${batchKind} batches`);
line("compressed", `${(compressedBytes / total).toFixed(1)} bytes a transfer`);
line(
  "batcher",
  `${perSecond(batcherMs)} transfers/s (${Math.round(compressMs)} of ${Math.round(batcherMs)} ms compress)`,
);
line("derivation", `${perSecond(derivationMs)} transfers/s (first run ${perSecond(warmMs as number)})`);
line("", `${Math.round((perSecond(derivationMs) * GAS_PER_TRANSFER) / 1e6)} Mgas/s of transfers`);
