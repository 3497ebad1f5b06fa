import { l1HeaderHash } from "@altlayer/protocol";
import { type Hex, keccak256 } from "viem";
import { SdkError } from "../errors.ts";
import { parse } from "../rpc/call.ts";
import { headerSchema, type L1Header } from "../rpc/schemas.ts";

/** @throws SdkError `L1_LIED` */
export function requireHash(header: L1Header): L1Header {
  const computed = l1HeaderHash(header, (bytes) => keccak256(bytes, "bytes"));
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
