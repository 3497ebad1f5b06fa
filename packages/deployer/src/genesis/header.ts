import { hexToBytes, keccak256, numberToHex, toRlp, trim } from "viem";
import type { Hex } from "../types.ts";
import type { GenesisAccount } from "./predeploys.ts";
import { trieRoot } from "./trie.ts";

const EMPTY_CODE_HASH: Hex = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
const EMPTY_TRIE_ROOT: Hex = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
const EMPTY_UNCLES: Hex = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;

export interface GenesisHeader {
  readonly stateRoot: Hex;
  readonly coinbase: Hex;
  readonly gasLimit: number;
  readonly timestamp: number;
  readonly extraData: Hex;
  readonly baseFeePerGas: bigint;
}

export function stateRootOf(accounts: ReadonlyMap<Hex, GenesisAccount>): Hex {
  // 2,048 predeploys share code and mostly storage: each distinct one is hashed once.
  const codeHashes = new Map<Hex, Hex>();
  const storageRoots = new Map<string, Hex>();
  const entries = [...accounts].map(([address, { nonce, balance, code, storage = {} }]) => {
    const codeHash = code === undefined ? EMPTY_CODE_HASH : memoized(codeHashes, code, () => keccak256(code));
    const storageRoot = memoized(storageRoots, JSON.stringify(storage), () => storageRootOf(storage));
    const account = toRlp([integer(nonce), integer(balance), storageRoot, codeHash], "bytes");
    return [keccak256(hexToBytes(address), "bytes"), account] as const;
  });
  return trieRoot(entries);
}

function storageRootOf(storage: Readonly<Record<Hex, Hex>>): Hex {
  return trieRoot(
    Object.entries(storage)
      .filter(([, value]) => BigInt(value) !== 0n)
      .map(([slot, value]) => [keccak256(hexToBytes(slot as Hex), "bytes"), toRlp(trim(value), "bytes")] as const),
  );
}

/**
 * Hash of the genesis block of a chain on which Canyon and Ecotone are active at genesis: the header then has
 * Shanghai's and Cancun's fields (specs/protocol/ecotone: header fields are zero at genesis).
 */
export function genesisBlockHash(header: GenesisHeader): Hex {
  return keccak256(
    toRlp([
      ZERO_HASH,
      EMPTY_UNCLES,
      header.coinbase,
      header.stateRoot,
      EMPTY_TRIE_ROOT,
      EMPTY_TRIE_ROOT,
      `0x${"00".repeat(256)}`,
      integer(0),
      integer(0),
      integer(header.gasLimit),
      integer(0),
      integer(header.timestamp),
      header.extraData,
      ZERO_HASH,
      "0x0000000000000000",
      integer(header.baseFeePerGas),
      EMPTY_TRIE_ROOT,
      integer(0),
      integer(0),
      ZERO_HASH,
    ]),
  );
}

function integer(value: number | bigint): Hex {
  return BigInt(value) === 0n ? "0x" : trim(numberToHex(value, { size: 32 }));
}

function memoized<K, V>(cache: Map<K, V>, key: K, compute: () => V): V {
  let value = cache.get(key);
  if (value === undefined) {
    value = compute();
    cache.set(key, value);
  }
  return value;
}
