import type { Engine } from "@altlayer/engine";
import type { RpcMethod } from "../json-rpc/method.ts";
import { address } from "../json-rpc/params.ts";
import { forwarded } from "./forward.ts";

export function txpoolMethods({ engine }: { readonly engine: Engine }): RpcMethod[] {
  return [
    forwarded(engine, { name: "txpool_status", params: [] }),
    forwarded(engine, { name: "txpool_content", params: [] }),
    forwarded(engine, { name: "txpool_contentFrom", params: [address] }),
    forwarded(engine, { name: "txpool_inspect", params: [] }),
  ];
}
