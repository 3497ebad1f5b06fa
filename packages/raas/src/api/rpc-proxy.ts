import { z } from "zod";
import { RaasError } from "../errors.ts";
import { jsonOf, postJson } from "../networks.ts";
import type { rpcBody } from "./schemas.ts";

/** What the console may ask of a settlement network through us: reads, and what a wallet has signed. */
const L1_METHODS =
  /^(eth_(blockNumber|call|chainId|estimateGas|feeHistory|gasPrice|getBalance|getBlockBy(Hash|Number)|getCode|getLogs|getProof|getStorageAt|getTransaction(ByHash|Count|Receipt)|maxPriorityFeePerGas|sendRawTransaction|blobBaseFee)|net_version|web3_clientVersion)$/;
/** Of a rollup's node: all that its public endpoint serves, but nothing that administers. */
const L2_METHODS = /^(eth|net|web3|optimism|mach|debug|txpool)_/;

/** Hands one JSON-RPC request or batch on. @throws RaasError `FORBIDDEN` for a method that is not for this place, `UPSTREAM` */
export async function proxyRpc(url: string, body: z.output<typeof rpcBody>, place: "l1" | "l2"): Promise<unknown> {
  const allowed = place === "l1" ? L1_METHODS : L2_METHODS;
  for (const { method } of Array.isArray(body) ? body : [body]) {
    if (!allowed.test(method) || method === "eth_subscribe") {
      throw new RaasError("FORBIDDEN", `${method} is not served here`, { details: { method } });
    }
  }
  return jsonOf(await postJson(url, JSON.stringify(body)));
}

/** JSON-RPC answers are passed through as they are. */
export const rpcAnswer = z.unknown();
