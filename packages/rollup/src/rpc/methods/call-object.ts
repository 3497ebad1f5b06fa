import { z } from "zod";
import { serverError } from "../errors.ts";
import { decoded, jsonKind } from "../json-rpc/issues.ts";
import { address, bytes, hash, list, storageKey, uint64Hex, uint256Hex } from "../json-rpc/params.ts";

const absent = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const accessList = list(z.object({ address, storageKeys: list(hash) }));

const authorization = z.object({
  chainId: uint256Hex,
  address,
  nonce: uint64Hex,
  yParity: uint64Hex,
  r: uint256Hex,
  s: uint256Hex,
});

const fields = z.object(
  {
    from: absent(address),
    to: absent(address),
    gas: absent(uint64Hex),
    gasPrice: absent(uint256Hex),
    maxFeePerGas: absent(uint256Hex),
    maxPriorityFeePerGas: absent(uint256Hex),
    value: absent(uint256Hex),
    nonce: absent(uint64Hex),
    data: absent(bytes),
    input: absent(bytes),
    type: absent(uint64Hex),
    accessList: absent(accessList),
    chainId: absent(uint256Hex),
    maxFeePerBlobGas: absent(uint256Hex),
    blobVersionedHashes: absent(list(hash)),
    authorizationList: absent(list(authorization)),
  },
  {
    error: "json: cannot unmarshal non-object into Go value of type ethapi.TransactionArgs",
  },
);

/**
 * The transaction object of eth_call and its kin (geth's `TransactionArgs`). Unknown fields are ignored, `null` is absent,
 * and `input` counts where `data` says otherwise.
 */
export const callObject = fields.transform(({ data, input, ...rest }) => ({ ...rest, input: input ?? data }));

/** The same of a transaction that is to be signed: contradictions are errors. */
export const transactionObject = fields.transform(({ data, input, ...rest }) => {
  if (data !== undefined && input !== undefined && data.toLowerCase() !== input.toLowerCase()) {
    throw serverError(
      'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data',
    );
  }
  if (rest.gasPrice !== undefined && (rest.maxFeePerGas !== undefined || rest.maxPriorityFeePerGas !== undefined)) {
    throw serverError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
  }
  return { ...rest, input: input ?? data };
});

const slots = z.record(z.string(), z.unknown()).transform((given, context) => {
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    const slot = storageKey.safeParse(key);
    const word = storageKey.safeParse(value);
    if (!slot.success || !word.success) {
      context.issues.push({
        code: "custom",
        input: given,
        message: "invalid storage slot or value in state override",
      });
      return z.NEVER;
    }
    result[slot.data] = word.data;
  }
  return result;
});

/** eth_call's third parameter (geth's `override.StateOverride`). */
export const stateOverride = z
  .record(
    z.string(),
    z
      .object({
        balance: absent(uint256Hex),
        nonce: absent(uint64Hex),
        code: absent(bytes),
        state: absent(slots),
        stateDiff: absent(slots),
        movePrecompileToAddress: absent(address),
      })
      .nullable(),
  )
  .transform((given, context) => {
    const result: Record<string, unknown> = {};
    for (const [key, override] of Object.entries(given)) {
      const account = address.safeParse(key);
      if (!account.success) {
        context.issues.push({
          code: "custom",
          input: given,
          message: account.error.issues[0]?.message ?? "invalid address",
        });
        return z.NEVER;
      }
      result[account.data] = override ?? {};
    }
    return result;
  });

/** eth_call's fourth parameter (geth's `override.BlockOverrides`), with the field names of both geth and the specification. */
export const blockOverrides = z
  .object({
    number: absent(uint256Hex),
    difficulty: absent(uint256Hex),
    time: absent(uint64Hex),
    gasLimit: absent(uint64Hex),
    coinbase: absent(address),
    feeRecipient: absent(address),
    random: absent(hash),
    prevRandao: absent(hash),
    baseFee: absent(uint256Hex),
    baseFeePerGas: absent(uint256Hex),
    blobBaseFee: absent(uint256Hex),
  })
  .transform(({ feeRecipient, prevRandao, baseFeePerGas, ...rest }) => ({
    ...rest,
    coinbase: rest.coinbase ?? feeRecipient,
    random: rest.random ?? prevRandao,
    baseFee: rest.baseFee ?? baseFeePerGas,
  }));

/** A trace configuration; the engine decodes it, since its fields depend on the tracer. */
export const traceConfig = decoded<Readonly<Record<string, unknown>>>((value) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? { value: value as Readonly<Record<string, unknown>> }
    : { reason: jsonKind(value), goType: "tracers.TraceConfig" },
);

/** eth_simulateV1's payload (execution-apis, `eth_simulateV1`). */
export const simulatePayload = z.object({
  blockStateCalls: list(
    z.object({
      blockOverrides: absent(blockOverrides),
      stateOverrides: absent(stateOverride),
      calls: absent(list(callObject)),
    }),
  ),
  traceTransfers: absent(z.boolean()),
  validation: absent(z.boolean()),
  returnFullTransactions: absent(z.boolean()),
});
