import { bytesToHex, fromRlp, type Hex, hexToBytes, keccak256 } from "viem";
import { SdkError } from "../errors.ts";

/** A trie node below this size stands in its parent itself instead of by its hash (Yellow Paper, appendix D). */
const INLINE_BELOW = 32;
type Item = Hex | readonly Item[];

/** Nodes that were hashed and decoded before: proofs of one block have their upper nodes in common. */
export type KnownNodes = Map<Hex, { readonly hash: Hex; readonly node: Item }>;

/**
 * The value at a key of a Merkle-Patricia trie with hashed keys (state and storage tries), from the nodes of its proof
 * as `eth_getProof` gives them (EIP-1186): from the root down. `null` where the proof shows that there is none.
 * @throws SdkError `L1_LIED` where the nodes prove neither
 */
export function provenValue(
  root: Hex,
  { key, proof }: { readonly key: Hex; readonly proof: readonly Hex[] },
  known: KnownNodes = new Map(),
): Hex | null {
  // An empty trie: nothing is below it, and there may be no node to show.
  if (root === EMPTY_ROOT) return null;
  const path = keccak256(key).slice(2);
  let at = 0;
  let next = 0;
  const taken = (hash: Hex): Item => take({ proof, index: next++, hash }, known);
  let node: Item = taken(root);
  for (;;) {
    if (typeof node === "string") throw lied("a node of the proof is no list");
    if (node.length === 17) {
      const nibble = path[at++];
      // Keys are of one length, so no value stands in a branch, and a path never ends in one.
      if (nibble === undefined) throw lied("a branch stands below the end of the key");
      const child: Item | undefined = node[Number.parseInt(nibble, 16)];
      if (child === undefined || child === "0x") return null;
      node = typeof child === "string" ? taken(child) : child;
      continue;
    }
    const [encoded, child] = node;
    if (node.length !== 2 || typeof encoded !== "string" || child === undefined) throw lied("a node has no known form");
    const { nibbles, leaf } = compactPath(encoded);
    const matches = path.startsWith(nibbles, at);
    if (leaf) {
      if (!matches || at + nibbles.length !== path.length) return null;
      if (typeof child !== "string") throw lied("a leaf holds a list");
      return child;
    }
    if (!matches) return null;
    at += nibbles.length;
    node = typeof child === "string" ? taken(child) : child;
  }
}

/** Root of the trie without entries: keccak256 of RLP's empty string. */
const EMPTY_ROOT = keccak256("0x80");

/** A node of the proof, which must hash to what its parent says. */
function take(
  { proof, index, hash }: { readonly proof: readonly Hex[]; readonly index: number; readonly hash: Hex },
  known: KnownNodes,
): Item {
  const encoded = proof[index];
  if (encoded === undefined) throw lied("the proof ends early");
  // Hashes are 32 bytes; what is shorter would have been inline.
  if (encoded.length < 2 + 2 * INLINE_BELOW && index > 0) throw lied("a node is too short to be taken by its hash");
  const before = known.get(encoded);
  if ((before?.hash ?? keccak256(encoded)) !== hash) throw lied("a node does not hash to what its parent says");
  if (before !== undefined) return before.node;
  try {
    const node = fromRlp(encoded, "hex") as Item;
    known.set(encoded, { hash, node });
    return node;
  } catch (cause) {
    throw new SdkError("L1_LIED", "a node of the proof is no RLP", {}, cause);
  }
}

/** Hex-prefix encoding (Yellow Paper, appendix C). */
function compactPath(encoded: Hex): { readonly nibbles: string; readonly leaf: boolean } {
  const flag = Number.parseInt(encoded.slice(2, 3), 16);
  if (!(flag <= 3)) throw lied("a path has an unknown flag");
  return { nibbles: encoded.slice(flag % 2 === 1 ? 3 : 4), leaf: flag >= 2 };
}

/** A word of storage: RLP of an integer without leading zeros. */
export function storageWord(value: Hex | null): bigint {
  if (value === null) return 0n;
  const word = rlpString(value);
  if (word.length > 32) throw lied("a storage value has more than 32 bytes");
  return word.length === 0 ? 0n : BigInt(bytesToHex(word));
}

/** The storage root of an account: [nonce, balance, storageRoot, codeHash]. */
export function storageRootOf(account: Hex | null): Hex {
  if (account === null) throw lied("the account does not exist");
  const fields = fromRlp(account, "hex") as Item;
  const root = typeof fields === "string" ? undefined : fields[2];
  if (typeof fields === "string" || fields.length !== 4 || typeof root !== "string" || root.length !== 66) {
    throw lied("an account has not its four fields");
  }
  return root;
}

function rlpString(value: Hex): Uint8Array {
  const decoded = fromRlp(value, "hex") as Item;
  if (typeof decoded !== "string") throw lied("a storage value is a list");
  return hexToBytes(decoded);
}

function lied(problem: string): SdkError {
  return new SdkError("L1_LIED", `the proof does not hold: ${problem}`);
}
