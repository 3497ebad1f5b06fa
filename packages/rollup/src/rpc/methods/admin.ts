import type { Engine } from "@altlayer/engine";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json } from "../json-rpc/method.ts";
import type { NodeInfo, PeerInfo } from "../providers.ts";

/** admin_nodeInfo and admin_peers in go-ethereum's shapes, for what applies: there is no devp2p here. */
export function adminMethods({ engine, node }: { readonly engine: Engine; readonly node: NodeInfo }): RpcMethod[] {
  return [
    defineMethod({
      name: "admin_nodeInfo",
      params: [],
      run: () => {
        const identity = node.identity?.() ?? { id: "", addresses: [] };
        const head = engine.heads().unsafe;
        return json({
          id: identity.id,
          name: node.clientVersion,
          enode: "",
          enr: "",
          ip: "",
          ports: { discovery: 0, listener: 0 },
          listenAddr: identity.addresses[0] ?? "",
          protocols: {
            eth: {
              network: node.chainId,
              genesis: engine.genesis.hash,
              config: node.chainConfig,
              head: head.hash,
            },
          },
        });
      },
    }),
    defineMethod({
      name: "admin_peers",
      params: [],
      run: () => json(node.peers().map(describePeer)),
    }),
  ];
}

function describePeer(peer: PeerInfo): unknown {
  return {
    id: peer.id,
    name: peer.name,
    caps: [],
    network: {
      localAddress: "",
      remoteAddress: peer.address,
      inbound: peer.inbound,
      trusted: false,
      static: false,
    },
    protocols: {},
  };
}
