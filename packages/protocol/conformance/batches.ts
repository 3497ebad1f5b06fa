import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { decompress } from "../compression/node.ts";
import { equalBytes } from "../src/encoding/bytes.ts";
import { RlpReader } from "../src/encoding/rlp.ts";
import type { Batch, SpanBatchChain } from "../src/index.ts";
import {
  BatchReader,
  decodeBatch,
  decodeChannel,
  encodeBatch,
  encodeChannelContent,
  encodeFrames,
  hexToBytes,
  parseFrames,
  SPAN_BATCH_TYPE,
} from "../src/index.ts";

export interface ConformanceResult {
  readonly passed: number;
  readonly failed: number;
  /** One line for each failure, and for each file that no rule fits. */
  readonly messages: readonly string[];
}

/** The vectors are from OP Mainnet; the two other values cancel out when a batch is encoded again. */
const CHAIN: SpanBatchChain = { l2ChainId: 10, genesisTime: 1_686_789_347, blockTime: 2 };
const MAX_CHANNEL_BYTES = 100_000_000;

/**
 * Decodes batcher data and encodes it again, which must give the same bytes. Files are told apart by name: `*batcher_tx*`
 * (an EIP-2718 transaction whose call data holds frames), `*channel*` (a compressed channel), `*span_batch*` and
 * `*singular_batch*` (one batch); `.bin` is raw, `.hex` text, `.gz` over either.
 */
export function main(dir: string): ConformanceResult {
  const messages: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const name of readdirSync(dir).sort()) {
    const check = checkFor(name);
    if (check === null) continue;
    try {
      const problem = check(readVector(join(dir, name)));
      if (problem === null) passed++;
      else messages.push(`${name}: ${problem}`);
      if (problem !== null) failed++;
    } catch (error) {
      failed++;
      messages.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { passed, failed, messages };
}

function checkFor(name: string): ((data: Uint8Array) => string | null) | null {
  if (!/\.(bin|hex)(\.gz)?$/.test(name)) return null;
  if (name.includes("batcher_tx")) return checkBatcherTransaction;
  if (name.includes("channel")) return checkChannel;
  if (name.includes("span_batch")) return (data) => checkBatch(Uint8Array.of(SPAN_BATCH_TYPE, ...data));
  if (name.includes("singular_batch")) return checkBatch;
  return null;
}

function readVector(path: string): Uint8Array {
  const file = readFileSync(path);
  const data = path.endsWith(".gz") ? gunzipSync(file) : file;
  if (!path.includes(".hex")) return data;
  const text = data.toString("utf8").trim();
  return hexToBytes(text.startsWith("0x") ? text : `0x${text}`);
}

function checkBatcherTransaction(data: Uint8Array): string | null {
  const typed = (data[0] as number) < 0xc0;
  const list = new RlpReader(data, typed ? 1 : 0).list();
  // Call data stands after the recipient and the value, whatever the fees before them.
  const before = !typed ? 5 : data[0] === 1 ? 6 : 7;
  for (let i = 0; i < before; i++) list.raw();
  const input = list.string();
  return equalBytes(encodeFrames(parseFrames(input)), input) ? null : "frames encode to other bytes";
}

function checkChannel(data: Uint8Array): string | null {
  const content = decodeChannel(data, { maxBytes: MAX_CHANNEL_BYTES, brotli: true }, decompress);
  const reader = new BatchReader(content, CHAIN);
  const batches: Batch[] = [];
  for (let batch = reader.next(); batch !== null; batch = reader.next()) batches.push(batch);
  if (batches.length === 0) return "no batches";
  return equalBytes(encodeChannelContent(batches, CHAIN), content) ? null : "content encodes to other bytes";
}

function checkBatch(data: Uint8Array): string | null {
  return equalBytes(encodeBatch(decodeBatch(data, CHAIN), CHAIN), data) ? null : "batch encodes to other bytes";
}

/** As a command: `--dir D`, by default the vectors of this repository. */
if (import.meta.main) {
  const at = process.argv.indexOf("--dir");
  const vectors = fileURLToPath(new URL("../../../test/vectors/op-batches/", import.meta.url));
  const result = main(at < 0 ? vectors : (process.argv[at + 1] ?? ""));
  for (const message of result.messages) process.stderr.write(`${message}\n`);
  process.stdout.write(`batches: ${result.passed} passed, ${result.failed} failed\n`);
  if (result.failed > 0 || result.passed === 0) process.exitCode = 1;
}
