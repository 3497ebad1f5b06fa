import type { Engine } from "@altlayer/engine";
import type { RpcMethod } from "../../json-rpc/method.ts";
import { blockId } from "../../json-rpc/params.ts";
import { blockOverrides, callObject, simulatePayload, stateOverride } from "../call-object.ts";
import { forwarded } from "../forward.ts";

/** Execution without a transaction. The engine bounds gas, time and memory of each. */
export function callMethods({ engine }: { readonly engine: Engine }): RpcMethod[] {
  const params = [callObject, blockId.optional(), stateOverride.optional(), blockOverrides.optional()];
  return [
    forwarded(engine, { name: "eth_call", params }),
    forwarded(engine, { name: "eth_estimateGas", params }),
    forwarded(engine, {
      name: "eth_createAccessList",
      params: params.slice(0, 3),
    }),
    forwarded(engine, {
      name: "eth_simulateV1",
      params: [simulatePayload, blockId.optional()],
    }),
  ];
}
