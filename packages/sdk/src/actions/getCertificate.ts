import { type Hex, numberToHex } from "viem";
import { type AnyClient, call } from "../rpc/call.ts";
import { type CertificateRecord, certificateRecordSchema } from "../rpc/schemas.ts";

/** Of what: a block (number, tag or hash), a transaction, or a certificate's own digest. The newest unless given. */
export type CertificateQuery =
  | { readonly blockNumber: bigint }
  | { readonly blockTag: "latest" | "safe" | "finalized" }
  | { readonly hash: Hex }
  | { readonly digest: Hex };

/**
 * The certificate of a block or transaction, with all that its check takes; `null` while there is none:
 * `mach_getCertificate`. Nothing is checked here: `verifyCertificate` does.
 * @throws SdkError `MALFORMED_ANSWER`; viem's errors
 */
export function getCertificate(
  client: AnyClient,
  query: CertificateQuery = { blockTag: "latest" },
): Promise<CertificateRecord | null> {
  const params = [idOf(query)];
  return call(client, { method: "mach_getCertificate", params, schema: certificateRecordSchema.nullable() });
}

function idOf(query: CertificateQuery): string {
  if ("blockNumber" in query) return numberToHex(query.blockNumber);
  if ("blockTag" in query) return query.blockTag;
  return "hash" in query ? query.hash : query.digest;
}
