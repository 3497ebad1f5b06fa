import type { Engine } from "@altlayer/engine";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json } from "../json-rpc/method.ts";
import { blockId, blockNumber, bytes, hash } from "../json-rpc/params.ts";
import type { NodeInfo } from "../providers.ts";
import { callObject, traceConfig } from "./call-object.ts";
import { forwarded } from "./forward.ts";

export function debugMethods({ engine, node }: { readonly engine: Engine; readonly node: NodeInfo }): RpcMethod[] {
  const config = traceConfig.optional();
  return [
    forwarded(engine, {
      name: "debug_traceTransaction",
      params: [hash, config],
    }),
    forwarded(engine, {
      name: "debug_traceBlockByNumber",
      params: [blockNumber, config],
    }),
    forwarded(engine, {
      name: "debug_traceBlockByHash",
      params: [hash, config],
    }),
    forwarded(engine, { name: "debug_traceBlock", params: [bytes, config] }),
    forwarded(engine, {
      name: "debug_traceCall",
      params: [callObject, blockId, config],
    }),
    forwarded(engine, { name: "debug_getRawHeader", params: [blockId] }),
    forwarded(engine, { name: "debug_getRawBlock", params: [blockId] }),
    forwarded(engine, { name: "debug_getRawTransaction", params: [hash] }),
    forwarded(engine, { name: "debug_getRawReceipts", params: [blockId] }),
    forwarded(engine, { name: "debug_executionWitness", params: [blockId] }),
    forwarded(engine, { name: "debug_dbGet", params: [bytes] }),
    forwarded(engine, {
      name: "debug_getRawBlockAccessList",
      params: [blockId],
    }),
    // Invalid payloads are answered and forgotten, so there is no list of them.
    defineMethod({ name: "debug_getBadBlocks", params: [], run: () => "[]" }),
    defineMethod({
      name: "debug_chainConfig",
      params: [],
      run: () => json(node.chainConfig),
    }),
  ];
}
