import type { Engine, Hex, PayloadAttributes } from "@altlayer/engine";
import { engineErrorCode, invalidForkchoiceState, invalidPayloadAttributes, unsupportedFork } from "../errors.ts";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json } from "../json-rpc/method.ts";
import type { EngineForks } from "./forks.ts";
import { isActive } from "./forks.ts";
import type { PayloadBuilder } from "./payload-builder.ts";
import type { PayloadAttributesInput } from "./schemas.ts";
import { forkchoiceState, payloadAttributes, toEngineAttributes } from "./schemas.ts";

const CONTRADICTORY_HEADS = new Set(["STATE_INVALID_HEADS", "STATE_UNKNOWN_BLOCK", "STATE_BELOW_FINALIZED"]);
const ZERO_HASH = `0x${"00".repeat(32)}`;

/** engine_forkchoiceUpdated V1 to V3, with the OP Stack's payload attributes. */
export function forkchoiceMethods(
  { forks }: { readonly forks: EngineForks },
  { engine, builder }: { readonly engine: Engine; readonly builder: PayloadBuilder },
): RpcMethod[] {
  return [1, 2, 3].map((version) =>
    defineMethod({
      name: `engine_forkchoiceUpdatedV${version}`,
      params: [forkchoiceState, payloadAttributes.optional()],
      run: async ([state, input]) => {
        const attributes = input === undefined ? undefined : checkAttributes(input, { version, forks });
        if (state.headBlockHash === ZERO_HASH) throw invalidForkchoiceState("head block hash is zero");
        const known = (hash: Hex) => (hash === ZERO_HASH ? undefined : hash);
        const safe = known(state.safeBlockHash);
        const finalized = known(state.finalizedBlockHash);
        const change = await engine
          .setHeads({
            unsafe: state.headBlockHash,
            ...(safe === undefined ? {} : { safe }),
            ...(finalized === undefined ? {} : { finalized }),
          })
          .catch((error: unknown) => {
            // Known head, but a safe or finalized block that is unknown or not its ancestor (paris.md, "Specification" 6).
            if (CONTRADICTORY_HEADS.has(engineErrorCode(error) ?? "")) {
              throw invalidForkchoiceState(error instanceof Error ? error.message : undefined);
            }
            throw error;
          });
        if (change === null) {
          return json({
            payloadStatus: {
              status: "SYNCING",
              latestValidHash: null,
              validationError: null,
            },
            payloadId: null,
          });
        }
        const payloadStatus = {
          status: "VALID",
          latestValidHash: state.headBlockHash,
          validationError: null,
        };
        if (attributes === undefined) return json({ payloadStatus, payloadId: null });
        // paris.md: the forkchoice update stays in effect even when the attributes are refused.
        const head = change.heads.unsafe;
        if (attributes.timestamp <= head.timestamp) {
          throw invalidPayloadAttributes(`invalid timestamp: ${attributes.timestamp}, parent ${head.timestamp}`);
        }
        const payloadId = await builder.start({
          parentHash: head.hash,
          attributes,
          version,
        });
        return json({ payloadStatus, payloadId });
      },
    }),
  );
}

function checkAttributes(
  input: PayloadAttributesInput,
  { version, forks }: { readonly version: number; readonly forks: EngineForks },
): PayloadAttributes {
  const { timestamp, parentBeaconBlockRoot, withdrawals, gasLimit, eip1559Params } = input;
  // cancun.md: V3 is for Cancun (Ecotone) timestamps, V1 and V2 for those before.
  if (version < 3) {
    if (parentBeaconBlockRoot) throw invalidPayloadAttributes("unexpected beacon root");
    throw unsupportedFork(`forkchoiceUpdatedV${version} must only be called with attributes before Ecotone`);
  }
  if (!withdrawals) throw invalidPayloadAttributes("missing withdrawals");
  if (!parentBeaconBlockRoot) throw invalidPayloadAttributes("missing beacon root");
  if (!isActive(forks.ecotone, timestamp)) {
    throw unsupportedFork("forkchoiceUpdatedV3 must only be called for Ecotone timestamps and later");
  }
  // exec-engine.md, "Extended PayloadAttributesV3".
  if (withdrawals.length > 0) throw invalidPayloadAttributes("withdrawals must be empty");
  if (gasLimit === undefined || gasLimit === null) throw invalidPayloadAttributes("gasLimit parameter is required");
  if (isActive(forks.holocene, timestamp)) {
    checkEip1559Params(eip1559Params ?? undefined);
  } else if (eip1559Params) {
    throw invalidPayloadAttributes("got eip1559 params though fork is not Holocene");
  }
  return toEngineAttributes(input, { parentBeaconBlockRoot, gasLimit });
}

/** exec-engine.md, "eip1559Params": eight bytes; a zero denominator goes only with a zero elasticity. */
function checkEip1559Params(params: Hex | undefined): void {
  if (params === undefined) throw invalidPayloadAttributes("holocene eip-1559 params should be 8 bytes, got 0");
  const bytes = Buffer.from(params.slice(2), "hex");
  if (bytes.length !== 8)
    throw invalidPayloadAttributes(`holocene eip-1559 params should be 8 bytes, got ${bytes.length}`);
  if (bytes.readUInt32BE(0) === 0 && bytes.readUInt32BE(4) !== 0) {
    throw invalidPayloadAttributes("holocene params cannot have a 0 denominator unless elasticity is also 0");
  }
}
