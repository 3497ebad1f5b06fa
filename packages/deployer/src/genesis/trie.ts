import { concatBytes, keccak256, toRlp } from "viem";

/** keccak(rlp("")). */
const EMPTY_ROOT = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

type RlpValue = Uint8Array | RlpValue[];

/**
 * Root of the Merkle-Patricia trie (Yellow Paper, appendix D) over hashed keys.
 *
 * It serves one purpose, the genesis block's hash, for which the deployer shall not depend on the engine; being
 * written apart from the engine's trie, it is also that one's independent witness.
 * @param entries keys of 32 bytes, all different, with non-empty values.
 */
export function trieRoot(entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]): `0x${string}` {
  if (entries.length === 0) return EMPTY_ROOT;
  const leaves = entries
    .map(([key, value]) => ({ nibbles: nibblesOf(key), value }))
    .sort((a, b) => compare(a.nibbles, b.nibbles));
  return keccak256(toRlp(build(leaves, 0), "bytes"));
}

interface Leaf {
  readonly nibbles: Uint8Array;
  readonly value: Uint8Array;
}

/** The node over sorted leaves that share their first `depth` nibbles. */
function build(leaves: readonly Leaf[], depth: number): RlpValue {
  const first = leaves[0]!;
  if (leaves.length === 1) return [compact(first.nibbles.subarray(depth), true), first.value];
  const last = leaves[leaves.length - 1]!;
  let shared = depth;
  while (first.nibbles[shared] === last.nibbles[shared]) shared++;
  if (shared > depth) return [compact(first.nibbles.subarray(depth, shared), false), reference(build(leaves, shared))];
  const children: RlpValue[] = [];
  let start = 0;
  for (let nibble = 0; nibble < 16; nibble++) {
    let end = start;
    while (end < leaves.length && leaves[end]!.nibbles[depth] === nibble) end++;
    children.push(end === start ? new Uint8Array() : reference(build(leaves.slice(start, end), depth + 1)));
    start = end;
  }
  // Keys have one length, so no key ends at a branch.
  children.push(new Uint8Array());
  return children;
}

/** Nodes below 32 bytes stand in their parent themselves. */
function reference(node: RlpValue): RlpValue {
  const encoded = toRlp(node as never, "bytes");
  return encoded.length < 32 ? node : keccak256(encoded, "bytes");
}

/** Hex-prefix encoding: a flag nibble for leaf and odd length, then the nibbles. */
function compact(nibbles: Uint8Array, leaf: boolean): Uint8Array {
  const flag = leaf ? 2 : 0;
  const odd = nibbles.length % 2 === 1;
  const head = Uint8Array.of(odd ? ((flag + 1) << 4) | nibbles[0]! : flag << 4);
  const rest = odd ? nibbles.subarray(1) : nibbles;
  const packed = new Uint8Array(rest.length / 2);
  for (let index = 0; index < packed.length; index++) packed[index] = (rest[index * 2]! << 4) | rest[index * 2 + 1]!;
  return concatBytes([head, packed]);
}

function nibblesOf(key: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(key.length * 2);
  for (const [index, byte] of key.entries()) {
    nibbles[index * 2] = byte >> 4;
    nibbles[index * 2 + 1] = byte & 15;
  }
  return nibbles;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return a[index]! - b[index]!;
  return 0;
}
