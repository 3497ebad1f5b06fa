import { keccak_256 } from "@noble/hashes/sha3.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytesToHex,
  type Hex,
  joinNodes,
  MountainRange,
  prefixRoots,
  rootOfInclusion,
  ZERO_HASH,
} from "../../src/index.ts";

const keccak256 = (data: Uint8Array) => keccak_256(data);
const leaf = (i: number): Hex => bytesToHex(keccak256(Uint8Array.of(0, i >> 8, i & 0xff)));

function rangeOf(leaves: readonly Hex[]): MountainRange {
  const range = new MountainRange({ keccak256 });
  for (const each of leaves) range.append(each);
  return range;
}

/** RFC 9162 section 2.1.1, word for word. */
function treeHash(leaves: readonly Hex[]): Hex {
  if (leaves.length === 0) return ZERO_HASH;
  if (leaves.length === 1) return leaves[0] as Hex;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return joinNodes(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)), keccak256);
}

const sizes = fc.integer({ min: 1, max: 300 });

test("roots are those of the RFC's tree, at every size on the way", () => {
  const leaves = Array.from({ length: 70 }, (_, i) => leaf(i));
  const range = rangeOf(leaves);
  for (let size = 0; size <= leaves.length; size++) expect(range.root(size)).toBe(treeHash(leaves.slice(0, size)));
});

test("every leaf is proven, and no other in its place", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, a, b) => {
      const range = rangeOf(Array.from({ length: size }, (_, i) => leaf(i)));
      const [index, other] = [a % size, b % size];
      const proof = range.inclusion(index);
      expect(rootOfInclusion(leaf(index), proof, keccak256)).toBe(range.root());
      expect(rootOfInclusion(leaf(other), proof, keccak256) === range.root()).toBe(index === other);
      expect(rootOfInclusion(leaf(size), proof, keccak256)).not.toBe(range.root());
    }),
  );
});

test("a prefix proof gives both roots, of any true prefix and of no other list", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), (size, a, b) => {
      const leaves = Array.from({ length: size }, (_, i) => leaf(i));
      const count = 1 + (a % (size - 1));
      const range = rangeOf(leaves);
      const nodes = range.prefix(count);
      const roots = prefixRoots({ count, size, nodes }, keccak256);
      expect(roots).toEqual({ prefix: range.root(count), whole: range.root() });
      // A list that differs before `count` has another prefix root; its own proof tells.
      const changed = leaves.with(b % size, leaf(1000));
      const other = rangeOf(changed);
      const otherRoots = prefixRoots({ count, size, nodes: other.prefix(count) }, keccak256);
      expect(otherRoots.whole).toBe(other.root());
      expect(otherRoots.prefix === range.root(count)).toBe(b % size >= count);
    }),
  );
});

test("a changed node changes the whole root, a list of a wrong length is refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(), (size, a, b) => {
      const count = 1 + (a % (size - 1));
      const range = rangeOf(Array.from({ length: size }, (_, i) => leaf(i)));
      const nodes = range.prefix(count);
      const wrong = nodes.with(b % nodes.length, leaf(999));
      expect(prefixRoots({ count, size, nodes: wrong }, keccak256).whole).not.toBe(range.root());
      const malformed = expect.objectContaining({ code: "MALFORMED_PROOF" });
      expect(() => prefixRoots({ count, size, nodes: nodes.slice(0, -1) }, keccak256)).toThrow(malformed);
      expect(() => prefixRoots({ count, size, nodes: [...nodes, leaf(1)] }, keccak256)).toThrow(malformed);
    }),
  );
});

test("inner nodes do not pass for leaves", () => {
  const range = rangeOf([0, 1, 2, 3].map(leaf));
  // The root of the left half, one step below the whole root, is a node and not the hash of any leaf's data.
  const inner = joinNodes(leaf(0), leaf(1), keccak256);
  const data = bytesToHex(keccak256(Uint8Array.of(0, ...Buffer.from(leaf(0).slice(2) + leaf(1).slice(2), "hex"))));
  expect(rootOfInclusion(inner, { path: [joinNodes(leaf(2), leaf(3), keccak256)], directions: 0n }, keccak256)).toBe(
    range.root(),
  );
  expect(data).not.toBe(inner);
});

test("misuse has a code", () => {
  const range = rangeOf([leaf(0)]);
  const malformed = expect.objectContaining({ code: "MALFORMED_PROOF" });
  expect(() => range.inclusion(1)).toThrow(malformed);
  expect(() => range.root(2)).toThrow(malformed);
  expect(() => range.prefix(1)).toThrow(malformed);
  expect(() => rootOfInclusion(leaf(0), { path: [leaf(1)], directions: 2n }, keccak256)).toThrow(malformed);
  const path = Array.from({ length: 65 }, () => leaf(1));
  expect(() => rootOfInclusion(leaf(0), { path, directions: 0n }, keccak256)).toThrow(malformed);
});
