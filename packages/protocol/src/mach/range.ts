import { bytesToHex, concatBytes, hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, Keccak256 } from "../types.ts";
import { ZERO_HASH } from "./message.ts";

/**
 * Append-only Merkle trees: RFC 9162 section 2.1 with keccak256 (docs/spec/mach.md, section 3). All perfect
 * subtrees are kept by level, so any past root and proof is made from at most log2(n) nodes per level.
 */
export class MountainRange {
  readonly #keccak256: Keccak256;
  /** `levels[k].get(i)` is the root of leaves [i * 2^k, (i + 1) * 2^k). */
  readonly #levels: Map<number, Uint8Array>[] = [new Map()];
  #size = 0;

  constructor({ keccak256 }: { readonly keccak256: Keccak256 }) {
    this.#keccak256 = keccak256;
  }

  get size(): number {
    return this.#size;
  }

  /** Appends a leaf hash: see `transactionLeaf` and `historyLeaf`. */
  append(leaf: Hex): void {
    let node = hexToBytes(leaf);
    let index = this.#size++;
    for (let level = 0; ; level++) {
      this.#level(level).set(index, node);
      if (index % 2 === 0) return;
      node = this.#join(this.#node(level, index - 1), node);
      index = (index - 1) / 2;
    }
  }

  leaf(index: number): Hex {
    this.#within(index, this.#size - 1);
    return bytesToHex(this.#node(0, index));
  }

  /** The root over the first `size` leaves: of all by default. */
  root(size: number = this.#size): Hex {
    this.#within(size, this.#size);
    return size === 0 ? ZERO_HASH : bytesToHex(this.#range(0, size));
  }

  /** That leaf `index` is under `root(size)`. */
  inclusion(index: number, size: number = this.#size): InclusionProof {
    this.#within(size, this.#size);
    this.#within(index, size - 1);
    const path: Hex[] = [];
    let directions = 0n;
    for (const { from, to, left } of inclusionRanges(index, size)) {
      if (left) directions |= 1n << BigInt(path.length);
      path.push(bytesToHex(this.#range(from, to)));
    }
    return { path, directions };
  }

  /** The nodes from which `prefixRoots` computes `root(count)` and `root(size)`. 0 < count < size. */
  prefix(count: number, size: number = this.#size): Hex[] {
    this.#within(size, this.#size);
    if (count < 1 || count >= size) throw misuse("a prefix is shorter than the range and not empty", { count, size });
    return prefixRanges(count, size).map(({ from, to }) => bytesToHex(this.#range(from, to)));
  }

  #range(from: number, to: number): Uint8Array {
    const length = to - from;
    let level = 0;
    while (2 ** level < length) level++;
    // Splits are at powers of two, so a perfect piece is always aligned.
    if (2 ** level === length) return this.#node(level, from / length);
    const middle = from + 2 ** (level - 1);
    return this.#join(this.#range(from, middle), this.#range(middle, to));
  }

  #join(left: Uint8Array, right: Uint8Array): Uint8Array {
    return this.#keccak256(concatBytes(NODE, left, right));
  }

  #level(level: number): Map<number, Uint8Array> {
    let nodes = this.#levels[level];
    if (nodes === undefined) {
      nodes = new Map();
      this.#levels[level] = nodes;
    }
    return nodes;
  }

  #node(level: number, index: number): Uint8Array {
    const node = this.#level(level).get(index);
    if (node === undefined) throw misuse("no such node", { level, index });
    return node;
  }

  #within(value: number, max: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || value > max) throw misuse("outside the range", { value, max });
  }
}

/** The ranges whose roots prove leaf `index` under the root of `size` leaves, from the leaf up; `left`: it stands on the left. */
export function inclusionRanges(
  index: number,
  size: number,
): readonly { readonly from: number; readonly to: number; readonly left: boolean }[] {
  const ranges: { readonly from: number; readonly to: number; readonly left: boolean }[] = [];
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = rangeSplit(from, to);
    if (index < middle) {
      ranges.push({ from: middle, to, left: false });
      to = middle;
    } else {
      ranges.push({ from, to: middle, left: true });
      from = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose roots are the nodes of `prefixRoots`: RFC 9162 section 2.1.4.1, with the subtree that ends at `count` given. */
export function prefixRanges(count: number, size: number): readonly { readonly from: number; readonly to: number }[] {
  let from = 0;
  let to = size;
  const beside: { readonly from: number; readonly to: number }[] = [];
  while (to !== count) {
    const middle = rangeSplit(from, to);
    if (count <= middle) {
      beside.push({ from: middle, to });
      to = middle;
    } else {
      beside.push({ from, to: middle });
      from = middle;
    }
  }
  return [{ from, to }, ...beside.reverse()];
}

/** Where a range of leaves, of more than one, has its two halves meet. */
export function rangeSplit(from: number, to: number): number {
  return from + largestPowerBelow(to - from);
}

/** What it takes to go on with a range: the roots of its perfect subtrees, the largest first. Never changed in place. */
export interface RangePeaks {
  readonly size: number;
  readonly peaks: readonly Hex[];
}

export const EMPTY_RANGE: RangePeaks = { size: 0, peaks: [] };

export function appendLeaf({ size, peaks }: RangePeaks, leaf: Hex, keccak256: Keccak256): RangePeaks {
  const next = [...peaks];
  let node = leaf;
  // One peak for each bit that is set in the size: as many are joined as there are trailing ones.
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) node = joinNodes(next.pop() as Hex, node, keccak256);
  return { size: size + 1, peaks: [...next, node] };
}

/** The same as `MountainRange.root()`. */
export function rangeRoot({ peaks }: RangePeaks, keccak256: Keccak256): Hex {
  return peaks.length === 0 ? ZERO_HASH : peaks.reduceRight((right, left) => joinNodes(left, right, keccak256));
}

/** Siblings from the leaf up. Bit i of `directions`: sibling i stands on the left. */
export interface InclusionProof {
  readonly path: readonly Hex[];
  readonly directions: bigint;
}

/** More siblings than any tree of ours has: a limit for what comes from outside. */
export const MAX_PATH = 64;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export function transactionLeaf(transactionHash: Hex, receiptHash: Hex, keccak256: Keccak256): Hex {
  return bytesToHex(keccak256(concatBytes(LEAF, hexToBytes(transactionHash), hexToBytes(receiptHash))));
}

export function historyLeaf(coreHash: Hex, keccak256: Keccak256): Hex {
  return bytesToHex(keccak256(concatBytes(LEAF, hexToBytes(coreHash))));
}

export function joinNodes(left: Hex, right: Hex, keccak256: Keccak256): Hex {
  return bytesToHex(keccak256(concatBytes(NODE, hexToBytes(left), hexToBytes(right))));
}

/** The root that the path leads to from the leaf. @throws ProtocolError `MALFORMED_PROOF` */
export function rootOfInclusion(leaf: Hex, proof: InclusionProof, keccak256: Keccak256): Hex {
  if (proof.path.length > MAX_PATH || proof.directions < 0n || proof.directions >> BigInt(proof.path.length) !== 0n)
    throw new ProtocolError("MALFORMED_PROOF", "the path is too long, or directions exceed it");
  let node = leaf;
  for (const [i, sibling] of proof.path.entries()) {
    const left = ((proof.directions >> BigInt(i)) & 1n) === 1n;
    node = left ? joinNodes(sibling, node, keccak256) : joinNodes(node, sibling, keccak256);
  }
  return node;
}

/**
 * The roots of the first `count` and of all `size` leaves, from one list of nodes: 0 < count < size.
 * @throws ProtocolError `MALFORMED_PROOF` where the list has not the length that count and size ask for
 */
export function prefixRoots(
  { count, size, nodes }: { readonly count: number; readonly size: number; readonly nodes: readonly Hex[] },
  keccak256: Keccak256,
): { readonly prefix: Hex; readonly whole: Hex } {
  const [first, ...rest] = nodes;
  if (!(count >= 1 && count < size && size <= 2 ** 32) || first === undefined || nodes.length > MAX_PATH) {
    throw new ProtocolError("MALFORMED_PROOF", "no proof of a prefix", { count, size, nodes: nodes.length });
  }
  let fn = count - 1;
  let sn = size - 1;
  while (fn % 2 === 1) {
    fn = (fn - 1) / 2;
    sn = Math.floor(sn / 2);
  }
  let prefix = first;
  let whole = first;
  for (const node of rest) {
    if (sn === 0) throw new ProtocolError("MALFORMED_PROOF", "the proof is too long", { count, size });
    if (fn % 2 === 1 || fn === sn) {
      prefix = joinNodes(node, prefix, keccak256);
      whole = joinNodes(node, whole, keccak256);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      whole = joinNodes(whole, node, keccak256);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  if (sn !== 0) throw new ProtocolError("MALFORMED_PROOF", "the proof is too short", { count, size });
  return { prefix, whole };
}

function largestPowerBelow(length: number): number {
  let power = 1;
  while (power * 2 < length) power *= 2;
  return power;
}

function misuse(problem: string, details: Record<string, number>): ProtocolError {
  return new ProtocolError("MALFORMED_PROOF", problem, details);
}
