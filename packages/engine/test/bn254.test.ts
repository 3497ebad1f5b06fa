import fc from "fast-check";
import { expect, test } from "vitest";
import { bn254 } from "../src/index.ts";

const seed = (index: number) => new Uint8Array(32).fill(index);
const secret = (index: number) => bn254.deriveSecret(seed(index), Buffer.from("set 0"));
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const code = (name: string) => expect.objectContaining({ code: name });

test("signs, verifies and aggregates", () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), fc.integer({ min: 1, max: 250 }), (digest, other, index) => {
      const shares = [0, 1, 2].map((offset) => secret(index + offset));
      const signature = bn254.sumG1(shares.map((each) => bn254.sign(each, digest))) as Uint8Array;
      const keys = shares.map((each) => bn254.publicKeys(each));
      const g1 = bn254.sumG1(keys.map((each) => each.g1)) as Uint8Array;
      const g2 = bn254.sumG2(keys.map((each) => each.g2)) as Uint8Array;
      const differs = Buffer.compare(digest, other) !== 0;
      expect(bn254.verify(g2, digest, signature)).toBe(true);
      expect(bn254.verifyWithBothKeys({ g1, g2 }, digest, signature)).toBe(true);
      expect(bn254.verify(g2, other, signature)).toBe(!differs);
    }),
    { numRuns: 10 },
  );
});

test("finds the wrong ones among many signatures", async () => {
  const digest = new Uint8Array(32).fill(9);
  const keys = bn254.keySet(Array.from({ length: 20 }, (_, i) => bn254.publicKeys(secret(i + 1)).g2));
  const shares = Array.from({ length: 20 }, (_, position) => ({
    position,
    signature: bn254.sign(secret(position === 4 || position === 17 ? 99 : position + 1), digest),
  }));
  expect(await keys.invalidSignatures(digest, shares)).toEqual([4, 17]);
  expect(await keys.invalidSignatures(digest, [])).toEqual([]);
  const right = shares.filter(({ position }) => position !== 4 && position !== 17);
  const aggregate = bn254.sumG1(right.map(({ signature }) => signature)) as Uint8Array;
  const key = keys.sum(right.map(({ position }) => position)) as Uint8Array;
  expect(bn254.verify(key, digest, aggregate)).toBe(true);
  expect(keys.sum([])).toBeNull();
});

test("refuses what is no point, secret, digest or seed, by code", async () => {
  const digest = new Uint8Array(32);
  const { g1, g2 } = bn254.publicKeys(secret(1));
  expect(() => bn254.deriveSecret(new Uint8Array(31), digest)).toThrow(code("BN254_LENGTH"));
  expect(() => bn254.sign(new Uint8Array(32), digest)).toThrow(code("BN254_SECRET"));
  expect(() => bn254.sign(secret(1), new Uint8Array(33))).toThrow(code("BN254_LENGTH"));
  expect(() => bn254.verify(g2, digest, new Uint8Array(64))).toThrow(code("BN254_INFINITY"));
  expect(() =>
    bn254.verify(
      g2,
      digest,
      g1.map((byte, i) => (i === 63 ? byte ^ 1 : byte)),
    ),
  ).toThrow(code("BN254_NOT_ON_CURVE"));
  // Two halves of one point are not two points, nor one.
  expect(() => bn254.sumG1([g1.subarray(0, 32), g1.subarray(32)])).toThrow(code("BN254_LENGTH"));
  expect(() => bn254.keySet([g2.subarray(1)])).toThrow(code("BN254_LENGTH"));
  expect(() => bn254.keySet([new Uint8Array(128)])).toThrow(code("BN254_INFINITY"));
  const keys = bn254.keySet([g2]);
  expect(() => keys.sum([1])).toThrow(code("BN254_POSITION"));
  const strange = [{ position: 1, signature: g1 }];
  await expect(keys.invalidSignatures(digest, strange)).rejects.toMatchObject({ code: "BN254_POSITION" });
  const short = [{ position: 0, signature: g1.subarray(1) }];
  await expect(keys.invalidSignatures(digest, short)).rejects.toMatchObject({ code: "BN254_LENGTH" });
});

test("sums to nothing are null", () => {
  expect(bn254.sumG1([])).toBeNull();
  expect(bn254.sumG2([])).toBeNull();
});
