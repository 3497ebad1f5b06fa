import type { ExecutionPayload } from "@altlayer/engine";
import { z } from "zod";
import { address, data, hash, headerSchema } from "../l1/schemas.ts";

const hexQuantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/)
  .transform((text) => text as `0x${string}`);
const executionPayloadSchema = z.object({
  parentHash: hash,
  feeRecipient: address,
  stateRoot: hash,
  receiptsRoot: hash,
  logsBloom: data,
  prevRandao: hash,
  blockNumber: hexQuantity,
  gasLimit: hexQuantity,
  gasUsed: hexQuantity,
  timestamp: hexQuantity,
  extraData: data,
  baseFeePerGas: hexQuantity,
  blockHash: hash,
  transactions: z.array(data),
  withdrawals: z.array(z.never()),
  blobGasUsed: hexQuantity,
  excessBlobGas: hexQuantity,
});

export const getPayloadSchema = z
  .object({ executionPayload: executionPayloadSchema, parentBeaconBlockRoot: hash })
  .transform(
    ({ executionPayload, parentBeaconBlockRoot }): ExecutionPayload => ({ ...executionPayload, parentBeaconBlockRoot }),
  );

export const payloadStatusSchema = z.object({
  status: z.enum(["VALID", "INVALID", "SYNCING", "ACCEPTED", "INVALID_BLOCK_HASH"]),
  latestValidHash: hash.nullish(),
  validationError: z.string().nullish(),
});
export const forkchoiceSchema = z.object({ payloadStatus: payloadStatusSchema, payloadId: data.nullish() });
export const bodiesSchema = z.array(z.object({ transactions: z.array(data) }).nullable()).length(1);
export const l2HeaderSchema = headerSchema.nullable();
export const rawReceiptsSchema = z.array(data);
export const proofSchema = z.object({ storageHash: hash });
