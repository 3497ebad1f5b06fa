import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bn254 } from "@altlayer/engine";
import {
  bytesToHex,
  type Hex,
  hexToBytes,
  type InclusionProof,
  joinNodes,
  prefixRoots,
  rootOfInclusion,
} from "@altlayer/protocol";
import { bn254 as noble } from "@noble/curves/bn254.js";
import { expect, test } from "vitest";
import { keccak256, makeVectors, vectorText } from "./support/vectors.ts";

const frozen = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../test/vectors/mach/${name}`, import.meta.url)), "utf8");
const parsed = (name: string) => JSON.parse(frozen(name));

test("what the code computes is what is frozen", () => {
  for (const [name, vector] of Object.entries(makeVectors())) expect(vectorText(vector)).toBe(frozen(name));
});

test("a pair is slashable exactly where its name does not say `not`", () => {
  const pairs = parsed("slashing.json") as { name: string; slashable: boolean }[];
  expect(pairs.length).toBeGreaterThan(15);
  for (const { name, slashable } of pairs)
    expect({ name, slashable }).toEqual({ name, slashable: !/^not:/.test(name) });
});

test("proofs lead to the frozen roots", () => {
  const { leaves, roots, inclusions, prefixes } = parsed("ranges.json") as {
    leaves: Hex[];
    roots: Hex[];
    inclusions: { index: number; size: number; path: Hex[]; directions: string }[];
    prefixes: { count: number; size: number; nodes: Hex[] }[];
  };
  for (const { index, size, path, directions } of inclusions) {
    const proof: InclusionProof = { path, directions: BigInt(directions) };
    expect(rootOfInclusion(leaves[index] as Hex, proof, keccak256)).toBe(roots[size]);
  }
  for (const proof of prefixes) {
    expect(prefixRoots(proof, keccak256)).toEqual({ prefix: roots[proof.count], whole: roots[proof.size] });
  }
  const table = parsed("table.json") as { entries: { index: number; leaf: Hex; path: Hex[] }[]; header: { root: Hex } };
  for (const { index, leaf, path } of table.entries) {
    const directions = BigInt(index);
    expect(rootOfInclusion(leaf, { path, directions }, keccak256)).toBe(table.header.root);
  }
  expect(joinNodes(roots[1] as Hex, leaves[1] as Hex, keccak256)).toBe(roots[2]);
});

test("keys, hashes and signatures are those of @noble/curves", () => {
  const { Fp, Fr } = noble.fields;
  const G1 = noble.G1.Point;
  const G2 = noble.G2.Point;
  const word = (value: bigint) => value.toString(16).padStart(64, "0");
  const vectors = parsed("bn254.json") as {
    signatures: { secret: Hex; digest: Hex; keyG1: Hex; keyG2: Hex; hash: Hex; signature: Hex }[];
  };
  for (const { secret, digest, keyG1, keyG2, hash, signature } of vectors.signatures) {
    // Try-and-increment from its definition in the specification.
    let x = Fp.create(BigInt(digest));
    let y = 0n;
    for (; ; x = Fp.add(x, 1n)) {
      const square = Fp.add(Fp.mul(Fp.sqr(x), x), 3n);
      y = Fp.pow(square, (Fp.ORDER + 1n) / 4n);
      if (Fp.eql(Fp.sqr(y), square)) break;
    }
    expect(hash).toBe(`0x${word(x)}${word(y)}`);
    const scalar = Fr.create(BigInt(secret));
    const point = G1.fromAffine({ x, y }).multiply(scalar).toAffine();
    expect(signature).toBe(`0x${word(point.x)}${word(point.y)}`);
    const g1 = G1.BASE.multiply(scalar).toAffine();
    expect(keyG1).toBe(`0x${word(g1.x)}${word(g1.y)}`);
    const g2 = G2.BASE.multiply(scalar).toAffine();
    expect(keyG2).toBe(`0x${word(g2.x.c1)}${word(g2.x.c0)}${word(g2.y.c1)}${word(g2.y.c0)}`);
  }
});

test("certificates verify by the contracts' check, with the table's keys less the absent ones", () => {
  const { digest, header, certificates } = parsed("certificates.json") as {
    digest: Hex;
    header: { aggregateKey: Hex; total: string[] };
    certificates: { name: string; signature: Hex; aggregateKey: Hex; absent: { key: Hex }[]; quorum: boolean }[];
  };
  for (const { name, signature, aggregateKey, absent, quorum } of certificates) {
    const negated = absent.map(({ key }) => {
      const y = noble.fields.Fp.neg(BigInt(`0x${key.slice(66)}`));
      return hexToBytes(`${key.slice(0, 66)}${y.toString(16).padStart(64, "0")}`);
    });
    const g1 = bn254.sumG1([hexToBytes(header.aggregateKey), ...negated]) as Uint8Array;
    const g2 = hexToBytes(aggregateKey);
    expect(bn254.verifyWithBothKeys({ g1, g2 }, hexToBytes(digest), hexToBytes(signature))).toBe(true);
    const everybody = hexToBytes(header.aggregateKey);
    const asEverybody = () =>
      bn254.verifyWithBothKeys({ g1: everybody, g2 }, hexToBytes(digest), hexToBytes(signature));
    expect(asEverybody()).toBe(absent.length === 0);
    expect({ name, quorum }).toEqual({ name, quorum: ["everybody", "one absent", "two absent"].includes(name) });
  }
  expect(bytesToHex(bn254.hashToCurve(hexToBytes(digest)))).toMatch(/^0x[0-9a-f]{128}$/);
});
