import { type Hex, numberToHex } from "viem";
import { type AnyClient, call } from "../rpc/call.ts";
import { type Finality, finalitySchema } from "../rpc/schemas.ts";

/** A transaction or block by hash, or a block by number. */
export type FinalityQuery = { readonly hash: Hex } | { readonly blockNumber: bigint };

/**
 * Where a transaction or block stands on the ladder of docs/finality.md, in the node's word: `mach_getFinality`.
 * @throws SdkError `MALFORMED_ANSWER`; viem's errors
 */
export function getFinality(client: AnyClient, query: FinalityQuery): Promise<Finality> {
  const id = "hash" in query ? query.hash : numberToHex(query.blockNumber);
  return call(client, { method: "mach_getFinality", params: [id], schema: finalitySchema });
}
