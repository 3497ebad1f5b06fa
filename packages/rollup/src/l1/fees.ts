import type { JsonRpcClient } from "./rpc-client.ts";
import { headerSchema, parseAnswer, quantity } from "./schemas.ts";

export interface FeeLimits {
  readonly minTipWei: bigint;
  /** No transaction is signed above these, however long it waits. */
  readonly maxFeePerGasWei: bigint;
  readonly maxFeePerBlobGasWei: bigint;
}

export const FEE_DEFAULTS: FeeLimits = {
  minTipWei: 1_000_000n,
  maxFeePerGasWei: 500_000_000_000n,
  maxFeePerBlobGasWei: 500_000_000_000n,
};

export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly maxFeePerBlobGas?: bigint | undefined;
}

/** What a transaction should offer now: room for the base fee to double before it is included. */
export async function marketFees(rpc: Pick<JsonRpcClient, "call">, limits: FeeLimits, blobs: boolean): Promise<Fees> {
  const [block, tipAnswer, blobAnswer] = await Promise.all([
    rpc.call("eth_getBlockByNumber", ["latest", false]),
    rpc.call("eth_maxPriorityFeePerGas", []).catch(() => null),
    blobs ? rpc.call("eth_blobBaseFee", []).catch(() => null) : null,
  ]);
  const header = parseAnswer(headerSchema.pick({ baseFeePerGas: true }), block, "eth_getBlockByNumber");
  const tip = max(
    limits.minTipWei,
    tipAnswer === null ? 0n : parseAnswer(quantity, tipAnswer, "eth_maxPriorityFeePerGas"),
  );
  const maxFeePerGas = min((header.baseFeePerGas ?? 0n) * 2n + tip, limits.maxFeePerGasWei);
  const fees = { maxFeePerGas, maxPriorityFeePerGas: min(tip, maxFeePerGas) };
  if (!blobs) return fees;
  const blobBaseFee = blobAnswer === null ? 1n : parseAnswer(quantity, blobAnswer, "eth_blobBaseFee");
  return { ...fees, maxFeePerBlobGas: min(max(blobBaseFee * 2n, 1n), limits.maxFeePerBlobGasWei) };
}

/**
 * Fees that replace a pending transaction: every fee up by 10 %, or by 100 % for blob transactions (what go-ethereum's
 * pools ask), and at least the market's. `null` if a limit is in the way.
 */
export function bumpFees(last: Fees, market: Fees, limits: FeeLimits): Fees | null {
  const percent = last.maxFeePerBlobGas === undefined ? 10n : 100n;
  const raise = (fee: bigint) => fee + max(1n, (fee * percent + 99n) / 100n);
  const tip = max(raise(last.maxPriorityFeePerGas), market.maxPriorityFeePerGas);
  const maxFeePerGas = max(max(raise(last.maxFeePerGas), market.maxFeePerGas), tip);
  if (maxFeePerGas > limits.maxFeePerGasWei) return null;
  if (last.maxFeePerBlobGas === undefined) return { maxFeePerGas, maxPriorityFeePerGas: tip };
  const maxFeePerBlobGas = max(raise(last.maxFeePerBlobGas), market.maxFeePerBlobGas ?? 1n);
  if (maxFeePerBlobGas > limits.maxFeePerBlobGasWei) return null;
  return { maxFeePerGas, maxPriorityFeePerGas: tip, maxFeePerBlobGas };
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);
const min = (a: bigint, b: bigint) => (a < b ? a : b);
