import { serverError } from "../errors.ts";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json } from "../json-rpc/method.ts";
import { blockNumber, hash, uint64 } from "../json-rpc/params.ts";
import type { MachProvider } from "../providers.ts";

/** A block by number or tag; a block, transaction or certificate by hash. */
const id = blockNumber.or(hash);

/** The `mach_` namespace: certificates of fast finality, and what they say of blocks and transactions. */
export function machMethods(provider: () => MachProvider | null): RpcMethod[] {
  const mach = (): MachProvider => {
    const running = provider();
    if (running === null) throw serverError("the node is starting");
    return running;
  };
  return [
    defineMethod({ name: "mach_getService", params: [], run: () => json(mach().service()) }),
    defineMethod({ name: "mach_getHead", params: [], run: () => json(mach().head()) }),
    defineMethod({
      name: "mach_getCertificate",
      params: [id],
      run: async ([of]) => json(await mach().certificate(of)),
    }),
    defineMethod({ name: "mach_getFinality", params: [id], run: async ([of]) => json(await mach().finality(of)) }),
    defineMethod({
      name: "mach_getHistoryProof",
      params: [uint64, hash],
      run: async ([height, digest]) => json(await mach().historyProof(Number(height), digest)),
    }),
    defineMethod({
      name: "mach_getAlerts",
      params: [uint64.optional()],
      run: ([height]) => json(mach().alerts(height === undefined ? undefined : Number(height))),
    }),
  ];
}
