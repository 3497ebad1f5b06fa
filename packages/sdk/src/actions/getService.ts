import { type AnyClient, call } from "../rpc/call.ts";
import { type MachServiceInfo, serviceSchema } from "../rpc/schemas.ts";

/**
 * Which MACH service certifies this chain, in the node's word: `mach_getService`. Pin what matters (L1 chain, avs,
 * rollup id) from a source that you trust before verifying certificates with it.
 * @throws SdkError `MALFORMED_ANSWER`; viem's errors
 */
export function getService(client: AnyClient): Promise<MachServiceInfo> {
  return call(client, { method: "mach_getService", params: [], schema: serviceSchema });
}
