import type { Engine, ExecutionPayload, Hex, PayloadStatus } from "@altlayer/engine";
import { invalidParams, tooLargeRequest, unknownPayload, unsupportedFork } from "../errors.ts";
import type { RpcMethod } from "../json-rpc/method.ts";
import { defineMethod, json } from "../json-rpc/method.ts";
import { bytes, hash, list, uint64 } from "../json-rpc/params.ts";
import type { EngineForks } from "./forks.ts";
import { isActive } from "./forks.ts";
import type { PayloadBuilder } from "./payload-builder.ts";
import { executionPayload, toEnginePayload } from "./schemas.ts";

/** execution-apis src/engine/shanghai.md: clients support at least 32 and we refuse more than 1024 bodies. */
const MAX_BODIES = 1024;

/** engine_newPayload, engine_getPayload and the payload bodies. */
export function payloadMethods(
  { forks }: { readonly forks: EngineForks },
  { engine, builder }: { readonly engine: Engine; readonly builder: PayloadBuilder },
): RpcMethod[] {
  return [
    ...[1, 2].map((version) =>
      defineMethod({
        name: `engine_newPayloadV${version}`,
        params: [executionPayload],
        run: ([payload]) => {
          if (isActive(forks.ecotone, Number(payload.timestamp))) {
            throw unsupportedFork(`newPayloadV${version} must not be called after Ecotone, use V3`);
          }
          throw unsupportedFork("chains before Ecotone are not supported");
        },
      }),
    ),
    defineMethod({
      name: "engine_newPayloadV3",
      params: [executionPayload, list(hash), hash],
      run: async ([payload, versionedHashes, parentBeaconBlockRoot]) => {
        const timestamp = Number(payload.timestamp);
        if (payload.withdrawals === undefined || payload.withdrawals === null)
          throw invalidParams("nil withdrawals post-shanghai");
        if (!payload.excessBlobGas) throw invalidParams("nil excessBlobGas post-cancun");
        if (!payload.blobGasUsed) throw invalidParams("nil blobGasUsed post-cancun");
        if (!isActive(forks.ecotone, timestamp) || isActive(forks.isthmus, timestamp)) {
          throw unsupportedFork("newPayloadV3 must only be called for Ecotone to Holocene payloads");
        }
        // exec-engine.md: an OP block carries neither blob transactions nor withdrawals.
        if (versionedHashes.length > 0) return json(invalid("invalid number of versionedHashes, want none"));
        if (payload.withdrawals.length > 0) return json(invalid("withdrawals must be empty"));
        return json(statusJson(await engine.newPayload(toEnginePayload(payload, parentBeaconBlockRoot))));
      },
    }),
    defineMethod({
      name: "engine_newPayloadV4",
      params: [executionPayload, list(hash), hash, list(bytes)],
      run: () => {
        throw unsupportedFork("newPayloadV4 must only be called for Isthmus payloads");
      },
    }),
    ...[1, 2, 4].map((version) =>
      defineMethod({
        name: `engine_getPayloadV${version}`,
        params: [bytes],
        run: ([id]) => {
          // Every payload here is of version 3, which its id's first byte says.
          if (id.startsWith("0x03")) throw unsupportedFork(`getPayloadV${version} does not fit this payload, use V3`);
          throw unknownPayload();
        },
      }),
    ),
    defineMethod({
      name: "engine_getPayloadV3",
      params: [bytes],
      run: async ([id]) => {
        const { parentBeaconBlockRoot, ...payload } = await builder.fetch(id);
        return json({
          executionPayload: payload,
          // Tips go to the fee vault, not to a builder that would bid; op-node ignores the value.
          blockValue: "0x0",
          blobsBundle: { commitments: [], proofs: [], blobs: [] },
          shouldOverrideBuilder: false,
          parentBeaconBlockRoot,
        });
      },
    }),
    ...[1, 2].flatMap((version) => [
      defineMethod({
        name: `engine_getPayloadBodiesByHashV${version}`,
        params: [list(hash)],
        run: async ([hashes]) => {
          if (hashes.length > MAX_BODIES) throw tooLargeRequest();
          return json(await inOrder(hashes, async (one: Hex) => bodyOf(await engine.payloadByHash(one))));
        },
      }),
      defineMethod({
        name: `engine_getPayloadBodiesByRangeV${version}`,
        params: [uint64, uint64],
        run: async ([start, count]) => {
          if (start === 0n || count === 0n)
            throw invalidParams(`invalid start or count, start: ${start} count: ${count}`);
          if (count > BigInt(MAX_BODIES)) throw tooLargeRequest();
          const last = Math.min(Number(start + count) - 1, engine.heads().unsafe.number);
          const numbers = Array.from(
            { length: Math.max(0, last - Number(start) + 1) },
            (_, index) => Number(start) + index,
          );
          return json(await inOrder(numbers, async (one) => bodyOf(await engine.payloadByNumber(one))));
        },
      }),
    ]),
  ];
}

const invalid = (validationError: string) => ({
  status: "INVALID",
  latestValidHash: null,
  validationError,
});

function statusJson(status: PayloadStatus): unknown {
  switch (status.status) {
    case "VALID":
      return {
        status: "VALID",
        latestValidHash: status.latestValidHash,
        validationError: null,
      };
    case "INVALID":
      return {
        status: "INVALID",
        latestValidHash: status.latestValidHash,
        validationError: status.validationError,
      };
    case "SYNCING":
      return {
        status: "SYNCING",
        latestValidHash: null,
        validationError: null,
      };
  }
}

function bodyOf(payload: ExecutionPayload | null): unknown {
  return payload === null ? null : { transactions: payload.transactions, withdrawals: payload.withdrawals };
}

/** One after another: a thousand bodies at once would hold a thousand blocks in memory twice. */
async function inOrder<T>(items: readonly T[], read: (item: T) => Promise<unknown>): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const item of items) results.push(await read(item));
  return results;
}
