import { keccak_256 } from "@noble/hashes/sha3.js";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json, plain } from "../json-rpc/method.ts";
import { bytes } from "../json-rpc/params.ts";
import type { NodeInfo } from "../providers.ts";

export function web3Methods({ node }: { readonly node: NodeInfo }): RpcMethod[] {
  return [
    defineMethod({
      name: "web3_clientVersion",
      params: [],
      run: () => json(node.clientVersion),
    }),
    defineMethod({
      name: "web3_sha3",
      params: [bytes],
      run: ([data]) => plain(`0x${Buffer.from(keccak_256(Buffer.from(data.slice(2), "hex"))).toString("hex")}`),
    }),
    defineMethod({ name: "rpc_modules", params: [], run: () => json(modules) }),
  ];
}

const modules = {
  admin: "1.0",
  debug: "1.0",
  eth: "1.0",
  net: "1.0",
  optimism: "1.0",
  rpc: "1.0",
  txpool: "1.0",
  web3: "1.0",
};
