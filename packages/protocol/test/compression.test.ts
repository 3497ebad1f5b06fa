import { brotliCompressSync, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decompress } from "../compression/node.ts";

// Half noise (a linear congruence), half runs: compressible, but spread over the stream.
let seed = 7;
const content = new Uint8Array(400_000).map((_, i) => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return i % 64 < 32 ? seed >>> 24 : i >>> 10;
});
const startsWith = (part: Uint8Array, length: number) =>
  Buffer.compare(part.subarray(0, length), content.subarray(0, length)) === 0;

describe("decompression as the protocol wants it", () => {
  for (const [algorithm, compress] of [
    ["brotli", brotliCompressSync],
    ["zlib", deflateSync],
  ] as const) {
    const data = new Uint8Array(compress(content));
    it(`${algorithm}: gives all, cuts at the limit, and reads cut-off input as far as it goes`, () => {
      const whole = decompress(algorithm, data, 1_000_000);
      expect(whole.length === content.length && startsWith(whole, content.length)).toBe(true);
      const cut = decompress(algorithm, data, 1_000);
      expect(cut.length === 1_000 && startsWith(cut, 1_000)).toBe(true);
      const part = decompress(algorithm, data.subarray(0, data.length >> 1), 1_000_000);
      expect(part.length).toBeGreaterThan(10_000);
      expect(startsWith(part, part.length)).toBe(true);
    });

    it(`${algorithm}: gives what comes out before damage, and never throws`, () => {
      const damaged = data.slice();
      damaged.fill(0xff, data.length >> 1);
      const part = decompress(algorithm, damaged, 1_000_000);
      expect(part.length).toBeGreaterThan(10_000);
      expect(startsWith(part, 10_000)).toBe(true);
      expect(decompress(algorithm, new Uint8Array(100).fill(0xff), 1_000).length).toBeLessThanOrEqual(1_000);
      expect(decompress(algorithm, new Uint8Array(), 1_000)).toHaveLength(0);
    });
  }

  it("bounds what a bomb brings out", () => {
    const bomb = new Uint8Array(brotliCompressSync(new Uint8Array(100_000_000)));
    expect(decompress("brotli", bomb, 1_000_000)).toHaveLength(1_000_000);
  });
});
