import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bn254 } from "@altlayer/engine";
import { bytesToHex, type Hex, hexToBytes } from "@altlayer/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MachError } from "../src/index.ts";
import { decodeFrame, encodeFrame } from "../src/node/links/wire.ts";

const vectors = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../../test/vectors/mach/wire.json", import.meta.url)), "utf8"),
) as {
  keyG2: Hex;
  link: { digest: Hex; signature: Hex };
  alert: { digest: Hex; signature: Hex };
  frames: { type: string; encoded: Hex }[];
};
const bodies = vectors.frames.map(({ encoded }) => hexToBytes(encoded).subarray(4));

test("the frozen frames decode, and encode to the same bytes", () => {
  for (const { type, encoded } of vectors.frames) {
    const bytes = hexToBytes(encoded);
    expect(Buffer.from(bytes).readUInt32BE()).toBe(bytes.length - 4);
    const frame = decodeFrame(bytes.subarray(4));
    expect(frame.type).toBe(type);
    expect(bytesToHex(encodeFrame(frame))).toBe(encoded);
  }
});

test("links and alerts are signed under the service's domain", () => {
  for (const { digest, signature } of [vectors.link, vectors.alert]) {
    expect(bn254.verify(hexToBytes(vectors.keyG2), hexToBytes(digest), hexToBytes(signature))).toBe(true);
  }
  expect(vectors.link.digest).not.toBe(vectors.alert.digest);
});

test("what is no frame is a typed error; what is one has one encoding", () => {
  const cut = fc.tuple(fc.constantFrom(...bodies), fc.nat()).map(([body, n]) => body.subarray(0, n % body.length));
  const longer = fc.constantFrom(...bodies).map((body) => Buffer.concat([body, Buffer.of(0)]));
  const changed = fc
    .tuple(fc.constantFrom(...bodies), fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([body, n, by]) => {
      const copy = Uint8Array.from(body);
      copy[n % copy.length] = (copy[n % copy.length] as number) ^ by;
      return copy;
    });
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(fc.oneof(cut, longer, changed, fc.uint8Array({ maxLength: 700 })), (bytes) => {
      try {
        const frame = decodeFrame(bytes);
        taken++;
        expect(Buffer.compare(encodeFrame(frame).subarray(4), bytes)).toBe(0);
      } catch (error) {
        if (!(error instanceof MachError)) throw error;
        expect(error.code).toBe("MALFORMED_FRAME");
        refused++;
      }
    }),
    { numRuns: 2_000 },
  );
  expect(refused).toBeGreaterThan(200);
  expect(taken).toBeGreaterThan(50);
});
