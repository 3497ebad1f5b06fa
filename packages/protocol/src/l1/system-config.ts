import { isForkActive } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { bytesToBigint, bytesToHex, hexToBytes, isZero } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, L1Log, L1Receipt, SystemConfig } from "../types.ts";

/** keccak256("ConfigUpdate(uint256,uint8,bytes)") */
export const CONFIG_UPDATE_TOPIC: Hex = "0x1d2b0bda21d56b8bd12d4f94ebacffdfb35f5e226f84b461103bb8beab6353be";

/** A change that the SystemConfig contract announced (specs/protocol/system-config.md, "System config updates"). */
export type ConfigUpdate =
  | { readonly kind: "batcher"; readonly batcherAddress: Hex }
  | { readonly kind: "feeScalars"; readonly overhead: Hex; readonly scalar: Hex }
  | { readonly kind: "gasLimit"; readonly gasLimit: number }
  | { readonly kind: "unsafeBlockSigner"; readonly unsafeBlockSigner: Hex }
  | { readonly kind: "eip1559Params"; readonly eip1559Params: Hex }
  /** Of a later fork, or a signer that cannot be read: no effect on derivation. */
  | { readonly kind: "ignored"; readonly updateType: number };

const ZERO_WORD: Hex = `0x${"0".repeat(64)}`;

/** @throws ProtocolError `MALFORMED_CONFIG_LOG`: the contract never emits such a log, so this stops derivation. */
export function configUpdateFromLog(log: L1Log): ConfigUpdate {
  const [event, version, type] = log.topics;
  if (log.topics.length !== 3 || event !== CONFIG_UPDATE_TOPIC || type === undefined)
    throw malformed(log, "expects the event's three topics");
  if (version !== ZERO_WORD) throw malformed(log, "has an unknown version");
  const updateType = BigInt(type);
  const data = hexToBytes(log.data);
  switch (updateType) {
    case 0n:
      return { kind: "batcher", batcherAddress: address(log, word(log, data, 0, 1)) };
    case 1n:
      return {
        kind: "feeScalars",
        overhead: bytesToHex(word(log, data, 0, 2)),
        scalar: bytesToHex(word(log, data, 1, 2)),
      };
    case 2n: {
      const gasLimit = bytesToBigint(word(log, data, 0, 1));
      // A gas limit above 2^53 - 1 is valid by the specification but cannot stand in a payload here; no contract emits one.
      if (gasLimit > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(log, "has a gas limit out of range");
      return { kind: "gasLimit", gasLimit: Number(gasLimit) };
    }
    case 3n:
      return data.length === 96 && isZero(data.subarray(64, 76))
        ? { kind: "unsafeBlockSigner", unsafeBlockSigner: bytesToHex(data.subarray(76, 96)) }
        : { kind: "ignored", updateType: 3 };
    case 4n:
      return { kind: "eip1559Params", eip1559Params: bytesToHex(word(log, data, 0, 1).subarray(24)) };
    // Operator fee (Isthmus), minimum base fee and DA footprint (Jovian): without effect until those forks.
    case 5n:
    case 6n:
    case 7n:
      return { kind: "ignored", updateType: Number(updateType) };
    default:
      throw malformed(log, "has an unknown update type");
  }
}

/**
 * The system config after one update. `l1Timestamp` is that of the update's L1 block: from Ecotone on, scalars of an
 * unknown form are ignored and the overhead is zero (specs/protocol/ecotone/l1-attributes.md).
 */
export function applyConfigUpdate(
  config: Pick<RollupConfig, "forkTimes">,
  systemConfig: SystemConfig,
  update: ConfigUpdate,
  l1Timestamp: number,
): SystemConfig {
  switch (update.kind) {
    case "batcher":
      return { ...systemConfig, batcherAddress: update.batcherAddress };
    case "gasLimit":
      return { ...systemConfig, gasLimit: update.gasLimit };
    case "eip1559Params":
      return { ...systemConfig, eip1559Params: update.eip1559Params };
    case "feeScalars":
      if (!isForkActive(config, "ecotone", l1Timestamp))
        return { ...systemConfig, overhead: update.overhead, scalar: update.scalar };
      return isEcotoneScalar(update.scalar)
        ? { ...systemConfig, overhead: ZERO_WORD, scalar: update.scalar }
        : systemConfig;
    case "unsafeBlockSigner":
    case "ignored":
      return systemConfig;
  }
}

/** The updates in an L1 block's logs, in order. */
export function configUpdates(
  config: Pick<RollupConfig, "l1SystemConfigAddress">,
  receipts: readonly L1Receipt[],
): ConfigUpdate[] {
  const updates: ConfigUpdate[] = [];
  for (const receipt of receipts) {
    if (!receipt.success) continue;
    for (const log of receipt.logs) {
      if (log.address === config.l1SystemConfigAddress && log.topics[0] === CONFIG_UPDATE_TOPIC)
        updates.push(configUpdateFromLog(log));
    }
  }
  return updates;
}

export interface EcotoneScalars {
  readonly baseFeeScalar: number;
  readonly blobBaseFeeScalar: number;
}

/** Version 1 of the scalar: the two scalars in its last eight bytes. */
export function encodeScalar(scalars: EcotoneScalars): Hex {
  const hex = (value: number) => value.toString(16).padStart(8, "0");
  return `0x01${"0".repeat(46)}${hex(scalars.blobBaseFeeScalar)}${hex(scalars.baseFeeScalar)}`;
}

/**
 * Reads a scalar of version 0 or 1. A version 0 scalar with more than 32 bits set reads as the largest base fee scalar.
 * @throws ProtocolError `MALFORMED_CONFIG_LOG` for other versions
 */
export function decodeScalar(scalar: Hex): EcotoneScalars {
  const bytes = hexToBytes(scalar);
  const low = Number(`0x${scalar.slice(58)}`);
  if (bytes[0] === 0) {
    return { baseFeeScalar: isZero(bytes.subarray(1, 28)) ? low : 0xffffffff, blobBaseFeeScalar: 0 };
  }
  if (!isEcotoneScalar(scalar))
    throw new ProtocolError("MALFORMED_CONFIG_LOG", "unknown form of fee scalar", { scalar });
  return { baseFeeScalar: low, blobBaseFeeScalar: Number(`0x${scalar.slice(50, 58)}`) };
}

function isEcotoneScalar(scalar: Hex): boolean {
  const bytes = hexToBytes(scalar);
  if (bytes[0] === 0) return isZero(bytes.subarray(1, 28));
  return bytes[0] === 1 && isZero(bytes.subarray(1, 24));
}

/** Word `index` of the event's bytes argument, which must hold exactly `count` words. */
function word(log: L1Log, data: Uint8Array, index: number, count: number): Uint8Array {
  const exact = data.length === 64 + 32 * count;
  if (
    !exact ||
    bytesToBigint(data.subarray(0, 32)) !== 32n ||
    bytesToBigint(data.subarray(32, 64)) !== BigInt(32 * count)
  ) {
    throw malformed(log, `expects ${count} words of data`);
  }
  return data.subarray(64 + 32 * index, 96 + 32 * index);
}

function address(log: L1Log, value: Uint8Array): Hex {
  if (!isZero(value.subarray(0, 12))) throw malformed(log, "holds no address");
  return bytesToHex(value.subarray(12));
}

function malformed(log: L1Log, problem: string): ProtocolError {
  return new ProtocolError("MALFORMED_CONFIG_LOG", `ConfigUpdate log ${log.logIndex} ${problem}`, {
    logIndex: log.logIndex,
  });
}
