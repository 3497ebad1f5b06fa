import { brotliDecompressSync, constants, inflateSync } from "node:zlib";
import type { CompressionAlgorithm, Decompress } from "@altlayer/protocol";

/**
 * How much more than the limit one more byte of input may bring out. Where output is to be cut at the limit, it is
 * found by shortening the input, and a single byte of Brotli can stand for a copy of a whole window (16 MiB).
 */
const SLACK_BYTES = 32 * 1024 * 1024;

/**
 * Decompression as the protocol wants it: output is cut at the limit, and of damaged input all counts that comes out
 * before the damage. node:zlib throws in both cases and drops what it had, so then the longest prefix of the input is
 * searched for that does not make it throw.
 */
export const decompress: Decompress = (algorithm, data, limit) => {
  const whole = attempt(algorithm, data, limit);
  if (whole) return whole;
  let [good, bad] = [0, data.length];
  let best: Uint8Array = new Uint8Array();
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const output = attempt(algorithm, data.subarray(0, middle), limit);
    if (output) {
      good = middle;
      best = output;
      if (best.length >= limit) break;
    } else {
      bad = middle;
    }
  }
  return best;
};

/** Output of at most `limit` bytes, or `null` if the input is damaged or holds far more. */
function attempt(algorithm: CompressionAlgorithm, data: Uint8Array, limit: number): Uint8Array | null {
  if (data.length === 0) return new Uint8Array();
  const maxOutputLength = limit + SLACK_BYTES;
  try {
    // Flushing in place of finishing: input that is cut off is no error.
    const output =
      algorithm === "brotli"
        ? brotliDecompressSync(data, { maxOutputLength, finishFlush: constants.BROTLI_OPERATION_FLUSH })
        : inflateSync(data, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });
    return output.length > limit ? output.subarray(0, limit) : output;
  } catch {
    return null;
  }
}
