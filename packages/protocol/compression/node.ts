import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createInflate,
  deflateSync,
  inflateSync,
} from "node:zlib";
import type { CompressionAlgorithm, Decompress } from "../src/derive/api.ts";

/** The decompressor that the pipeline wants, on Node's zlib. Most channels take the fast way; bombs and corrupt ones the other. */
export const decompress: Decompress = (algorithm, data, limit) => {
  try {
    const options = { maxOutputLength: limit };
    return plain(algorithm === "zlib" ? inflateSync(data, options) : brotliDecompressSync(data, options));
  } catch {
    return decompressPartially(algorithm, data, limit);
  }
};

/** Compresses a channel's content, without the version byte that the channel puts before Brotli. */
export function compress(algorithm: CompressionAlgorithm, data: Uint8Array, quality = 9): Uint8Array {
  if (algorithm === "zlib") return plain(deflateSync(data, { level: Math.min(quality, 9) }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: data.length };
  return plain(brotliCompressSync(data, { params }));
}

/** A Buffer is a Uint8Array whose `slice` shares memory: nothing behind this border expects that. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** The synchronous handle inside Node's zlib streams: not documented, but what packages on top of it have long used. */
interface ZlibHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    at: number,
    count: number,
    output: Uint8Array,
    to: number,
    room: number,
  ): void;
  onerror: () => void;
  close(): void;
}

/** Bytes of output and of input that one call may write and read. */
const CHUNK = 65_536;
const STEP = 4_096;

/**
 * Keeps what comes out before the limit or a fault, which the convenience functions of zlib throw away. A call that
 * meets a fault loses its output, so the input goes in by small steps and, in a second pass, by single bytes near it.
 */
function decompressPartially(
  algorithm: CompressionAlgorithm,
  data: Uint8Array,
  limit: number,
  singleBytesFrom = Number.POSITIVE_INFINITY,
): Uint8Array {
  const stream = algorithm === "zlib" ? createInflate() : createBrotliDecompress();
  const { _handle: handle, _writeState: state } = stream as unknown as {
    _handle: ZlibHandle;
    _writeState: Uint32Array;
  };
  const flush = algorithm === "zlib" ? constants.Z_SYNC_FLUSH : constants.BROTLI_OPERATION_FLUSH;
  let failed = false;
  handle.onerror = () => {
    failed = true;
  };
  let output = new Uint8Array(Math.min(limit, Math.max(CHUNK, data.length * 4)));
  let length = 0;
  let at = 0;
  try {
    while (length < limit) {
      if (length === output.length) {
        const grown = new Uint8Array(Math.min(limit, output.length * 2));
        grown.set(output);
        output = grown;
      }
      const room = Math.min(CHUNK, output.length - length);
      const step = Math.min(at >= singleBytesFrom ? 1 : STEP, data.length - at);
      handle.writeSync(flush, data, at, step, output, length, room);
      if (failed) break;
      const written = room - (state[0] as number);
      const read = step - (state[1] as number);
      length += written;
      at += read;
      if (written === 0 && (read === 0 || at === data.length)) break;
    }
  } finally {
    handle.close();
  }
  if (failed && singleBytesFrom > at) return decompressPartially(algorithm, data, limit, at);
  return output.subarray(0, length);
}
