import { type Hex, keccak256, numberToHex, toRlp } from "viem";
import { SdkError } from "../errors.ts";
import { parse } from "../rpc/call.ts";
import { headerSchema, type L1Header } from "../rpc/schemas.ts";

/**
 * Hash of an L1 header from its fields. Each fork appended its own (EIP-1559, 4895, 4844, 4788, 7685): the first one
 * that is absent ends the header. A fork that this code does not know gives another hash, hence a refusal.
 */
export function headerHash(header: L1Header): Hex {
  const fields: Hex[] = [
    header.parentHash,
    header.sha3Uncles,
    header.miner,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    integer(header.difficulty),
    integer(header.number),
    integer(header.gasLimit),
    integer(header.gasUsed),
    integer(header.timestamp),
    header.extraData,
    header.mixHash,
    header.nonce,
  ];
  const later = [
    header.baseFeePerGas,
    header.withdrawalsRoot,
    header.blobGasUsed,
    header.excessBlobGas,
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ];
  for (const field of later) {
    if (field === undefined) break;
    fields.push(typeof field === "bigint" ? integer(field) : field);
  }
  return keccak256(toRlp(fields));
}

/** @throws SdkError `L1_LIED` */
export function requireHash(header: L1Header): L1Header {
  const computed = headerHash(header);
  if (computed === header.hash) return header;
  throw new SdkError("L1_LIED", `the header of L1 block ${header.number} does not hash to ${header.hash}`, {
    claimed: header.hash,
    computed,
  });
}

/**
 * The header in a block as JSON-RPC gives it, of an L1 or an OP Stack chain, once its fields hash to `hash`.
 * @throws SdkError `MALFORMED_ANSWER`, `L1_LIED`
 */
export function checkedHeader(block: unknown, hash: Hex): L1Header {
  const header = requireHash(parse(headerSchema, block, "a block"));
  if (header.hash === hash.toLowerCase()) return header;
  throw new SdkError("L1_LIED", `asked for block ${hash}, got ${header.hash}`, { hash, got: header.hash });
}

/** RLP's integers: no leading zeros, whole bytes. */
function integer(value: bigint | number): Hex {
  if (BigInt(value) === 0n) return "0x";
  const hex = numberToHex(value);
  return hex.length % 2 === 0 ? hex : `0x0${hex.slice(2)}`;
}
