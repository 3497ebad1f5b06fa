import { bigintToBytes, bytesToHex, concatBytes, hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, Keccak256 } from "../types.ts";
import { ZERO_HASH } from "./message.ts";
import { joinNodes } from "./range.ts";

/** docs/spec/mach.md, section 7. One leaf of an operator table. */
export interface OperatorEntry {
  readonly operator: Hex;
  /** G1 key: x and y, 64 bytes. */
  readonly key: Hex;
  /** By asset class, in the table's order. */
  readonly weights: readonly bigint[];
}

export interface TableHeader {
  readonly epoch: number;
  readonly depth: number;
  readonly root: Hex;
  /** Sum of the leaves' keys, 64 bytes. */
  readonly aggregateKey: Hex;
  /** Sum of the leaves' weights, by class. */
  readonly active: readonly bigint[];
  /** Active, and what left within the undecided window, by class. */
  readonly total: readonly bigint[];
}

const LEAF = Uint8Array.of(0);
const MAX_DEPTH = 16;

export function tableLeaf(entry: OperatorEntry, keccak256: Keccak256): Hex {
  const operator = hexToBytes(entry.operator);
  const key = hexToBytes(entry.key);
  if (operator.length !== 20 || key.length !== 64) {
    throw new ProtocolError("MALFORMED_TABLE", "an operator has 20 bytes and its key 64");
  }
  const weights = entry.weights.map((weight) => bigintToBytes(weight, 32));
  return bytesToHex(keccak256(concatBytes(LEAF, operator, key, ...weights)));
}

/** The header's hash: what the L1 stores of an epoch's table. `keccak256(abi.encode(header))`, header a tuple. */
export function tableCommitment(header: TableHeader, keccak256: Keccak256): Hex {
  const key = hexToBytes(header.aggregateKey);
  if (key.length !== 64) throw new ProtocolError("MALFORMED_TABLE", "an aggregate key has 64 bytes");
  const classes = header.active.length;
  if (classes !== header.total.length || classes < 1) {
    throw new ProtocolError("MALFORMED_TABLE", "active and total weights are of the same classes", { classes });
  }
  // The tuple's own offset, seven head words, then the two arrays with their lengths.
  const activeAt = 7 * 32;
  const words = [
    32n,
    BigInt(header.epoch),
    BigInt(header.depth),
    BigInt(header.root),
    BigInt(bytesToHex(key.subarray(0, 32))),
    BigInt(bytesToHex(key.subarray(32))),
    BigInt(activeAt),
    BigInt(activeAt + 32 * (1 + classes)),
    BigInt(classes),
    ...header.active,
    BigInt(classes),
    ...header.total,
  ];
  return bytesToHex(keccak256(concatBytes(...words.map((value) => bigintToBytes(value, 32)))));
}

/** The perfect tree over the entries by index. Holes are empty leaves. */
export class TableTree {
  readonly depth: number;
  readonly root: Hex;
  readonly #levels: Hex[][];

  constructor(
    entries: ReadonlyMap<number, OperatorEntry>,
    { depth, keccak256 }: { readonly depth: number; readonly keccak256: Keccak256 },
  ) {
    if (depth > MAX_DEPTH) throw new ProtocolError("MALFORMED_TABLE", "the tree is too deep", { depth });
    const leaves = new Array<Hex>(2 ** depth).fill(ZERO_HASH);
    for (const [index, entry] of entries) {
      if (!(index in leaves)) throw new ProtocolError("MALFORMED_TABLE", "an index exceeds the tree", { index, depth });
      leaves[index] = tableLeaf(entry, keccak256);
    }
    this.#levels = [leaves];
    for (let level = 0; level < depth; level++) {
      const below = this.#levels[level] as Hex[];
      this.#levels.push(
        Array.from({ length: below.length / 2 }, (_, i) =>
          joinNodes(below[2 * i] as Hex, below[2 * i + 1] as Hex, keccak256),
        ),
      );
    }
    this.depth = depth;
    this.root = (this.#levels[depth] as Hex[])[0] as Hex;
  }

  /** Siblings from the leaf up; directions are the index's bits. */
  path(index: number): Hex[] {
    if (!(index in (this.#levels[0] as Hex[])))
      throw new ProtocolError("MALFORMED_TABLE", "an index exceeds the tree", { index });
    return Array.from(
      { length: this.depth },
      (_, level) => (this.#levels[level] as Hex[])[(index >> level) ^ 1] as Hex,
    );
  }
}

/** Strictly more than two thirds, in every class. A class without weight never passes. */
export function isQuorum(signed: readonly bigint[], total: readonly bigint[]): boolean {
  return total.length > 0 && total.every((weight, i) => (signed[i] ?? 0n) * 3n > weight * 2n);
}

/** Strictly more than a third, in any class: what holds a block back, and holds at least one honest operator. */
export function exceedsThird(signed: readonly bigint[], total: readonly bigint[]): boolean {
  return total.some((weight, i) => (signed[i] ?? 0n) * 3n > weight);
}

export function sumWeights(classes: number, entries: Iterable<OperatorEntry>): bigint[] {
  const sum = new Array<bigint>(classes).fill(0n);
  for (const { weights } of entries) for (let i = 0; i < classes; i++) sum[i] = (sum[i] as bigint) + (weights[i] ?? 0n);
  return sum;
}
