import type { NodeInfo } from "../../../src/rpc/providers.ts";

export const nodeInfo: NodeInfo = {
  chainId: 901,
  chainConfig: { chainId: 901, cancunTime: 0, ecotoneTime: 0, holoceneTime: 0 },
  clientVersion: "altlayer/test",
  syncing: () => false,
  peers: () => [],
};
