import type { Engine } from "@altlayer/engine";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { blockNumber, hash, uint64Hex } from "../../json-rpc/params.ts";
import { forwarded } from "../forward.ts";

/** Transactions and receipts. */
export function transactionMethods({ engine }: { readonly engine: Engine }): RpcMethod[] {
  return [
    forwarded(engine, { name: "eth_getTransactionByHash", params: [hash] }),
    forwarded(engine, {
      name: "eth_getTransactionByBlockHashAndIndex",
      params: [hash, uint64Hex],
    }),
    forwarded(engine, {
      name: "eth_getTransactionByBlockNumberAndIndex",
      params: [blockNumber, uint64Hex],
    }),
    forwarded(engine, { name: "eth_getRawTransactionByHash", params: [hash] }),
    forwarded(engine, {
      name: "eth_getRawTransactionByBlockHashAndIndex",
      params: [hash, uint64Hex],
    }),
    forwarded(engine, {
      name: "eth_getRawTransactionByBlockNumberAndIndex",
      params: [blockNumber, uint64Hex],
    }),
    forwarded(engine, { name: "eth_getTransactionReceipt", params: [hash] }),
  ];
}
