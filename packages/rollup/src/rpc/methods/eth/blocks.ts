import type { Engine } from "@altlayer/engine";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { blockId, blockNumber, bool, hash, uint64Hex } from "../../json-rpc/params.ts";
import { forwarded } from "../forward.ts";

/** Blocks, headers, and what is read by a block and an index. */
export function blockMethods({ engine }: { readonly engine: Engine }): RpcMethod[] {
  return [
    forwarded(engine, { name: "eth_blockNumber", params: [] }),
    forwarded(engine, {
      name: "eth_getBlockByHash",
      params: [hash, bool.optional()],
    }),
    forwarded(engine, {
      name: "eth_getBlockByNumber",
      params: [blockNumber, bool.optional()],
    }),
    forwarded(engine, { name: "eth_getHeaderByHash", params: [hash] }),
    forwarded(engine, { name: "eth_getHeaderByNumber", params: [blockNumber] }),
    forwarded(engine, {
      name: "eth_getBlockTransactionCountByHash",
      params: [hash],
    }),
    forwarded(engine, {
      name: "eth_getBlockTransactionCountByNumber",
      params: [blockNumber],
    }),
    forwarded(engine, { name: "eth_getUncleCountByBlockHash", params: [hash] }),
    forwarded(engine, {
      name: "eth_getUncleCountByBlockNumber",
      params: [blockNumber],
    }),
    forwarded(engine, {
      name: "eth_getUncleByBlockHashAndIndex",
      params: [hash, uint64Hex],
    }),
    forwarded(engine, {
      name: "eth_getUncleByBlockNumberAndIndex",
      params: [blockNumber, uint64Hex],
    }),
    forwarded(engine, { name: "eth_getBlockReceipts", params: [blockId] }),
    forwarded(engine, { name: "eth_getBlockAccessList", params: [blockId] }),
  ];
}
