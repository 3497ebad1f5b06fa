import type { Engine, Hex } from "@altlayer/engine";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { serverError } from "../errors.ts";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json } from "../json-rpc/method.ts";
import { uint64 } from "../json-rpc/params.ts";
import type { NodeInfo, OptimismProvider } from "../providers.ts";

/** Version 0 of the output root (specs/protocol/proposals.md, "L2 Output Commitment Construction"). */
const OUTPUT_VERSION: Hex = `0x${"00".repeat(32)}`;

/** The rollup node's namespace, as op-node's `node/api.go` serves it. */
export function optimismMethods(dependencies: {
  readonly engine: Engine;
  readonly node: NodeInfo;
  readonly optimism: OptimismProvider;
}): RpcMethod[] {
  const { engine, node, optimism } = dependencies;
  return [
    defineMethod({
      name: "optimism_version",
      params: [],
      run: () => json(node.clientVersion),
    }),
    defineMethod({
      name: "optimism_rollupConfig",
      params: [],
      run: () => json(optimism.rollupConfig()),
    }),
    defineMethod({
      name: "optimism_syncStatus",
      params: [],
      run: async () => json(await optimism.syncStatus()),
    }),
    defineMethod({
      name: "optimism_outputAtBlock",
      params: [uint64],
      run: async ([number]) => {
        const payload = await engine.payloadByNumber(Number(number));
        const blockRef = payload === null ? null : await optimism.blockRef(payload.blockHash);
        if (payload === null || blockRef === null) {
          throw serverError(`failed to get L2 block ref with sync status: not found: block ${number}`);
        }
        const withdrawalStorageRoot = await engine.messagePasserRoot(payload.blockHash);
        return json({
          version: OUTPUT_VERSION,
          outputRoot: outputRoot([OUTPUT_VERSION, payload.stateRoot, withdrawalStorageRoot, payload.blockHash]),
          blockRef,
          withdrawalStorageRoot,
          stateRoot: payload.stateRoot,
          syncStatus: await optimism.syncStatus(),
        });
      },
    }),
  ];
}

function outputRoot(words: readonly Hex[]): Hex {
  const preimage = Buffer.from(words.map((word) => word.slice(2)).join(""), "hex");
  return `0x${Buffer.from(keccak_256(preimage)).toString("hex")}`;
}
