import type { Engine } from "@altlayer/engine";
import { z } from "zod";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { address, blockId, list, proofKey, storageKey } from "../../json-rpc/params.ts";
import { forwarded } from "../forward.ts";

/** Accounts, storage, code and proofs. An absent block means `latest`. */
export function stateMethods({ engine }: { readonly engine: Engine }): RpcMethod[] {
  const block = blockId.optional();
  return [
    forwarded(engine, { name: "eth_getBalance", params: [address, block] }),
    forwarded(engine, { name: "eth_getCode", params: [address, block] }),
    forwarded(engine, {
      name: "eth_getTransactionCount",
      params: [address, block],
    }),
    forwarded(engine, {
      name: "eth_getStorageAt",
      params: [address, storageKey, block],
    }),
    forwarded(engine, {
      name: "eth_getStorageValues",
      params: [z.record(z.string(), list(storageKey)), block],
    }),
    forwarded(engine, {
      name: "eth_getProof",
      params: [address, list(proofKey), block],
    }),
  ];
}
