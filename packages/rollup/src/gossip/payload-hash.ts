import type { ExecutionPayload, Hex } from "@altlayer/engine";
import { hexToBytes, keccak256, toRlp } from "viem/utils";
import { orderedTrieRoot } from "../l1/ordered-trie.ts";

const emptyOmmers: Hex = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";
const emptyTrie: Hex = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

/** Minimal big-endian bytes of a quantity, as RLP wants integers. */
function integer(quantity: Hex): Hex {
  const value = BigInt(quantity);
  if (value === 0n) return "0x";
  const digits = value.toString(16);
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}

/**
 * Block hash from a payload's contents: keccak256 of the header's RLP with the fields of London to Cancun
 * (EIP-1559, EIP-4895, EIP-4844, EIP-4788), without execution. From Ecotone to Holocene on the OP Stack.
 */
export function payloadHash(payload: ExecutionPayload): Hex {
  return keccak256(
    toRlp([
      payload.parentHash,
      emptyOmmers,
      payload.feeRecipient,
      payload.stateRoot,
      orderedTrieRoot(payload.transactions.map((transaction) => hexToBytes(transaction))),
      payload.receiptsRoot,
      payload.logsBloom,
      "0x",
      integer(payload.blockNumber),
      integer(payload.gasLimit),
      integer(payload.gasUsed),
      integer(payload.timestamp),
      payload.extraData,
      payload.prevRandao,
      "0x0000000000000000",
      integer(payload.baseFeePerGas),
      emptyTrie,
      integer(payload.blobGasUsed),
      integer(payload.excessBlobGas),
      payload.parentBeaconBlockRoot,
    ]),
  );
}
