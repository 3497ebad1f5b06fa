import { type Hex, keccak256 } from "@altlayer/engine";
import { bytesToHex, toRlp } from "viem/utils";

type Structure = Uint8Array | readonly Structure[];
interface Entry {
  readonly nibbles: Uint8Array;
  readonly value: Uint8Array;
}

const EMPTY = new Uint8Array();
export const EMPTY_TRIE_ROOT: Hex = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

/**
 * Root of the Merkle-Patricia trie that maps rlp(index) to the value at that index: a block's transaction and receipt
 * roots (Yellow Paper, section 4.3.2 and appendix D).
 */
export function orderedTrieRoot(values: readonly Uint8Array[]): Hex {
  if (values.length === 0) return EMPTY_TRIE_ROOT;
  const entries = values.map((value, index) => ({ nibbles: toNibbles(rlpIndex(index)), value }));
  entries.sort((a, b) => compareBytes(a.nibbles, b.nibbles));
  return bytesToHex(keccak256(encode(node(entries, 0))));
}

function node(entries: readonly Entry[], depth: number): Structure {
  const first = entries[0] as Entry;
  if (entries.length === 1) return [hexPrefix(first.nibbles.subarray(depth), true), first.value];
  const last = entries[entries.length - 1] as Entry;
  // Sorted, so what the first and the last share, all share.
  let shared = depth;
  while (first.nibbles[shared] === last.nibbles[shared]) shared++;
  if (shared > depth)
    return [hexPrefix(first.nibbles.subarray(depth, shared), false), reference(node(entries, shared))];
  const branch: Structure[] = [];
  let from = 0;
  for (let nibble = 0; nibble < 16; nibble++) {
    let to = from;
    while (to < entries.length && entries[to]?.nibbles[depth] === nibble) to++;
    branch.push(to > from ? reference(node(entries.slice(from, to), depth + 1)) : EMPTY);
    from = to;
  }
  branch.push(EMPTY); // no key is another's prefix: a branch never holds a value
  return branch;
}

/** A node shorter than a hash stands in its parent, every other by its hash. */
function reference(child: Structure): Structure {
  const encoded = encode(child);
  return encoded.length < 32 ? child : keccak256(encoded);
}

function encode(structure: Structure): Uint8Array {
  return toRlp(structure as Parameters<typeof toRlp>[0], "bytes") as Uint8Array;
}

function rlpIndex(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(0x80);
  if (index < 0x80) return Uint8Array.of(index);
  if (index < 0x100) return Uint8Array.of(0x81, index);
  if (index < 0x10000) return Uint8Array.of(0x82, index >> 8, index & 0xff);
  return Uint8Array.of(0x83, index >> 16, (index >> 8) & 0xff, index & 0xff);
}

function toNibbles(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2);
  for (const [i, byte] of bytes.entries()) {
    nibbles[2 * i] = byte >> 4;
    nibbles[2 * i + 1] = byte & 15;
  }
  return nibbles;
}

function hexPrefix(nibbles: Uint8Array, leaf: boolean): Uint8Array {
  const odd = nibbles.length % 2;
  const out = new Uint8Array((nibbles.length >> 1) + 1);
  out[0] = ((leaf ? 2 : 0) + odd) * 16 + (odd ? (nibbles[0] ?? 0) : 0);
  for (let i = odd, at = 1; i < nibbles.length; i += 2, at++) out[at] = (nibbles[i] ?? 0) * 16 + (nibbles[i + 1] ?? 0);
  return out;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
