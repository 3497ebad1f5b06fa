import type { ExecutionPayload, PayloadAttributes } from "@altlayer/engine";
import { z } from "zod";
import { address, bool, bytes, hash, list, uint64, uint64Hex, uint256Hex } from "../json-rpc/params.ts";

/** Structures of the Engine API with the OP Stack's extensions (execution-apis src/engine; specs/protocol/exec-engine.md). */

export const forkchoiceState = z.object({
  headBlockHash: hash,
  safeBlockHash: hash,
  finalizedBlockHash: hash,
});

const seconds = uint64.transform(Number);

export const payloadAttributes = z.object({
  timestamp: seconds,
  prevRandao: hash,
  suggestedFeeRecipient: address,
  withdrawals: list(z.unknown()).nullish(),
  parentBeaconBlockRoot: hash.nullish(),
  transactions: list(bytes).nullish(),
  noTxPool: bool.nullish(),
  gasLimit: seconds.nullish(),
  eip1559Params: bytes.nullish(),
});
export type PayloadAttributesInput = z.output<typeof payloadAttributes>;

export const executionPayload = z.object({
  parentHash: hash,
  feeRecipient: address,
  stateRoot: hash,
  receiptsRoot: hash,
  logsBloom: bytes.refine((bloom) => bloom.length === 514, {
    error: "invalid logsBloom length",
  }),
  prevRandao: hash,
  blockNumber: uint64Hex,
  gasLimit: uint64Hex,
  gasUsed: uint64Hex,
  timestamp: uint64Hex,
  extraData: bytes,
  baseFeePerGas: uint256Hex,
  blockHash: hash,
  transactions: list(bytes),
  withdrawals: list(z.unknown()).nullish(),
  blobGasUsed: uint64Hex.nullish(),
  excessBlobGas: uint64Hex.nullish(),
  withdrawalsRoot: hash.nullish(),
});
export type ExecutionPayloadInput = z.output<typeof executionPayload>;

/** A version 3 payload and its beacon root as the engine takes it. The caller has checked that the fields are there. */
export function toEnginePayload(
  input: ExecutionPayloadInput,
  parentBeaconBlockRoot: ExecutionPayload["parentBeaconBlockRoot"],
): ExecutionPayload {
  const { withdrawals: _none, withdrawalsRoot: _isthmus, blobGasUsed, excessBlobGas, ...rest } = input;
  return {
    ...rest,
    parentBeaconBlockRoot,
    withdrawals: [],
    blobGasUsed: blobGasUsed ?? "0x0",
    excessBlobGas: excessBlobGas ?? "0x0",
  };
}

export function toEngineAttributes(
  input: PayloadAttributesInput,
  fields: Pick<PayloadAttributes, "parentBeaconBlockRoot" | "gasLimit">,
): PayloadAttributes {
  return {
    timestamp: input.timestamp,
    prevRandao: input.prevRandao,
    suggestedFeeRecipient: input.suggestedFeeRecipient,
    parentBeaconBlockRoot: fields.parentBeaconBlockRoot,
    transactions: input.transactions ?? [],
    noTxPool: input.noTxPool ?? false,
    gasLimit: fields.gasLimit,
    ...(input.eip1559Params ? { eip1559Params: input.eip1559Params } : {}),
  };
}
