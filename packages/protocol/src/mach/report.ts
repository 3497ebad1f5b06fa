import { bigintToBytes, concatBytes, hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";

/** Who took part in which epochs, and how much: docs/spec/mach.md, section 8. */
export interface RewardsReport {
  /** Follows the last epoch of the report before. */
  readonly firstEpoch: number;
  readonly lastEpoch: number;
  /** Strictly ascending. */
  readonly operators: readonly Hex[];
  /** By operator: above zero, below 2^64, in a unit of the report's own. */
  readonly points: readonly bigint[];
}

/** `abi.encode(operators, points)`. @throws ProtocolError `MALFORMED_REPORT` for what the contract would refuse */
export function encodeShares({ firstEpoch, lastEpoch, operators, points }: RewardsReport): Uint8Array {
  const count = operators.length;
  if (lastEpoch < firstEpoch) throw malformed("the last epoch is before the first", { firstEpoch, lastEpoch });
  if (count === 0 || points.length !== count) {
    throw malformed("each operator has its points", { operators: count, points: points.length });
  }
  const addresses = operators.map((operator) => hexToBytes(operator));
  for (const [i, address] of addresses.entries()) {
    const before = addresses[i - 1];
    if (address.length !== 20) throw malformed("an address has 20 bytes", { i });
    if (before !== undefined && compare(before, address) >= 0) throw malformed("operators do not ascend", { i });
  }
  for (const [i, value] of points.entries()) {
    if (value <= 0n || value >= 2n ** 64n) throw malformed("points are above zero and below 2^64", { i });
  }
  const size = bigintToBytes(BigInt(count), 32);
  return concatBytes(
    bigintToBytes(64n, 32),
    bigintToBytes(BigInt(64 + 32 * (1 + count)), 32),
    size,
    ...addresses.map((address) => concatBytes(new Uint8Array(12), address)),
    size,
    ...points.map((value) => bigintToBytes(value, 32)),
  );
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (const [i, byte] of a.entries()) if (byte !== b[i]) return byte - (b[i] ?? 0);
  return 0;
}

function malformed(problem: string, details: Record<string, number>): ProtocolError {
  return new ProtocolError("MALFORMED_REPORT", problem, details);
}
