import { type AnyClient, call } from "../rpc/call.ts";
import { type CertifiedHead, headSchema } from "../rpc/schemas.ts";

/**
 * The newest block under a certificate beside `latest`, `safe` and `finalized`, in the node's word: `mach_getHead`.
 * @throws SdkError `MALFORMED_ANSWER`; viem's errors
 */
export function getCertifiedHead(client: AnyClient): Promise<CertifiedHead> {
  return call(client, { method: "mach_getHead", params: [], schema: headSchema });
}
