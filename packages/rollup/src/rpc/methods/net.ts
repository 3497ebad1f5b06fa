import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json, plain, quantity } from "../json-rpc/method.ts";
import type { NodeInfo } from "../providers.ts";

export function netMethods({ node }: { readonly node: NodeInfo }): RpcMethod[] {
  return [
    defineMethod({
      name: "net_version",
      params: [],
      run: () => plain(String(node.chainId)),
    }),
    defineMethod({ name: "net_listening", params: [], run: () => json(true) }),
    defineMethod({
      name: "net_peerCount",
      params: [],
      run: () => quantity(node.peers().length),
    }),
  ];
}
