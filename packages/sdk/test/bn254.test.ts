import { readFileSync } from "node:fs";
import { bn254 } from "@altlayer/engine";
import { bn254 as curve } from "@noble/curves/bn254.js";
import { bytesToHex, type Hex, hexToBytes, keccak256, toHex } from "viem";
import { expect, test } from "vitest";
import { isSdkError } from "../src/index.ts";
import { aggregateLess, hashToCurve, isInSubgroup, isSignedBy } from "../src/light-client/bn254.ts";

const file = new URL("../../../test/vectors/mach/bn254.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as {
  readonly signatures: readonly { keyG1: Hex; keyG2: Hex; digest: Hex; hash: Hex; signature: Hex }[];
  readonly invalid: readonly { what: string; keyG2: Hex; digest: Hex; signature: Hex }[];
};
const coordinates = (point: Hex) => ({ x: BigInt(point.slice(0, 66)), y: BigInt(`0x${point.slice(66)}`) });
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (error) {
    return isSdkError(error) ? error.code : String(error);
  }
};

test("frozen vectors: hash to curve and signatures", () => {
  expect(vectors.signatures.length).toBeGreaterThan(3);
  for (const { keyG1, keyG2, digest, hash, signature } of vectors.signatures) {
    const point = hashToCurve(digest).toAffine();
    expect(point).toEqual(coordinates(hash));
    const key = coordinates(keyG1);
    expect(isSignedBy({ key, aggregateKey: keyG2, digest, signature })).toBe(true);
    const other = keccak256(digest);
    expect(isSignedBy({ key, aggregateKey: keyG2, digest: other, signature })).toBe(false);
  }
});

test("frozen vectors: refused points", () => {
  const [good] = vectors.signatures as [(typeof vectors.signatures)[number]];
  expect(vectors.invalid.length).toBeGreaterThan(3);
  const key = coordinates(good.keyG1);
  for (const { what, keyG2, digest, signature } of vectors.invalid) {
    expect(
      codeOf(() => isSignedBy({ key, aggregateKey: keyG2, digest, signature })),
      what,
    ).toBe("POINT_INVALID");
  }
  // What comes as the sum of the table: above p, off the curve, at infinity.
  const { keyG2, digest, signature } = good;
  for (const bad of [
    { x: key.x + 2n ** 255n, y: key.y },
    { x: key.x, y: key.y + 1n },
    { x: 0n, y: 0n },
  ]) {
    expect(codeOf(() => isSignedBy({ key: bad, aggregateKey: keyG2, digest, signature }))).toBe("POINT_INVALID");
  }
});

test("rogue key: a G1 key that cancels the others' is no key of the G2 key", () => {
  const [honest, rogue] = vectors.signatures as [
    (typeof vectors.signatures)[number],
    (typeof vectors.signatures)[number],
  ];
  const digest = keccak256(toHex("message"));
  const secret = bn254.deriveSecret(hexToBytes(keccak256("0x01")), hexToBytes("0x02"));
  const own = bn254.publicKeys(secret);
  // Signed by one secret alone, shown as if the G1 sum held the honest key too.
  const sum = bn254.sumG1([hexToBytes(honest.keyG1), own.g1]) as Uint8Array;
  const signature = bytesToHex(bn254.sign(secret, hexToBytes(digest)));
  const aggregateKey = bytesToHex(own.g2);
  expect(isSignedBy({ key: coordinates(bytesToHex(sum)), aggregateKey, digest, signature })).toBe(false);
  expect(isSignedBy({ key: coordinates(bytesToHex(own.g1)), aggregateKey, digest, signature })).toBe(true);
  expect(isSignedBy({ key: coordinates(rogue.keyG1), aggregateKey, digest, signature })).toBe(false);
});

test("the sum less the absent keys", () => {
  const keys = vectors.signatures.slice(0, 3).map(({ keyG1 }) => keyG1);
  const sum = (points: readonly Hex[]) => bytesToHex(bn254.sumG1(points.map((p) => hexToBytes(p))) as Uint8Array);
  const [a, b, c] = keys as [Hex, Hex, Hex];
  expect(aggregateLess(coordinates(sum(keys)), [coordinates(b)])).toEqual(coordinates(sum([a, c])));
  expect(aggregateLess(coordinates(sum(keys)), keys.map(coordinates))).toBeNull();
});

test("the quick test of the subgroup agrees with the library's, on and off it", () => {
  const { Fp2 } = curve.fields;
  const { Point } = curve.G2;
  const { b, h, n } = Point.CURVE();
  // Any point of the twist: nearly all are outside, and times the cofactor inside.
  const anywhere = (seed: number) => {
    for (let i = BigInt(seed) << 64n; ; i++) {
      const x = Fp2.fromBigTuple([i + 1n, BigInt(keccak256(toHex(i))) % curve.fields.Fp.ORDER]);
      const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), b);
      try {
        return Point.fromAffine({ x, y: Fp2.sqrt(square) });
      } catch {
        // No square: the next one.
      }
    }
  };
  const multiply = (point: InstanceType<typeof Point>, scalar: bigint) => {
    let sum = Point.ZERO;
    for (const bit of scalar.toString(2)) {
      sum = sum.double();
      if (bit === "1") sum = sum.add(point);
    }
    return sum;
  };
  // The cofactor's smallest prime factors: points of these orders are what an attacker would look for.
  const factors = [10_069n, 5_864_401n];
  for (const factor of factors) expect(h % factor).toBe(0n);
  let inside = 0;
  for (let seed = 1; seed <= 4; seed++) {
    const point = anywhere(seed);
    const cleared = multiply(point, h);
    const small = factors.map((factor) => multiply(point, (h / factor) * n));
    for (const each of [point, cleared, cleared.add(small[0]!), ...small].filter((each) => !each.is0())) {
      expect(isInSubgroup(each)).toBe(each.isTorsionFree());
      if (isInSubgroup(each)) inside++;
    }
  }
  expect(inside).toBe(4);
}, 60_000);
