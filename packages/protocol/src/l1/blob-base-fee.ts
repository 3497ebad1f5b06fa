/** Update fractions of the blob base fee: EIP-4844 (Cancun) and EIP-7691 (Prague). Later ones are in the L1's own schedule. */
export const BLOB_BASE_FEE_UPDATE_FRACTION = { cancun: 3338477n, prague: 5007716n } as const;

/**
 * Blob base fee in wei: EIP-4844's `fake_exponential(1, excess, fraction)`.
 * The fraction is that of the fork which is active at the block; on Osaka's BPO forks, of their schedule.
 */
export function blobBaseFee(excessBlobGas: bigint, updateFraction: bigint): bigint {
  let output = 0n;
  let accumulator = updateFraction;
  for (let i = 1n; accumulator > 0n; i++) {
    output += accumulator;
    accumulator = (accumulator * excessBlobGas) / (updateFraction * i);
  }
  return output / updateFraction;
}
