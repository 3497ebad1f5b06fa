import { isForkActivationBlock, isForkActive } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { ByteReader, ByteWriter, bytesToBigint, bytesToHex, hexToBytes, isZero } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, Keccak256, L1Header, SystemConfig } from "../types.ts";
import type { DepositTransaction } from "./deposit-transaction.ts";
import { l1AttributesSourceHash } from "./source-hash.ts";
import { decodeScalar } from "./system-config.ts";

export const L1_ATTRIBUTES_DEPOSITOR: Hex = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";
export const L1_BLOCK_PREDEPLOY: Hex = "0x4200000000000000000000000000000000000015";
/** First four bytes of keccak256 of setL1BlockValues(uint64,uint64,uint256,bytes32,uint64,bytes32,uint256,uint256). */
const BEDROCK_SELECTOR = 0x015d8eb9;
/** First four bytes of keccak256 of setL1BlockValuesEcotone(). */
const ECOTONE_SELECTOR = 0x440a5e20;

/** What an L2 block says of its L1 origin (specs/protocol/deposits.md, "L1 Attributes Deposited Transaction"). */
export interface L1BlockInfo {
  readonly number: number;
  readonly timestamp: number;
  readonly baseFee: bigint;
  readonly blockHash: Hex;
  readonly sequenceNumber: number;
  readonly batcherAddress: Hex;
  /** Before Ecotone (and in its first block); else zero. */
  readonly overhead: Hex;
  readonly scalar: Hex;
  /** From Ecotone on (but in its first block); else zero. */
  readonly blobBaseFee: bigint;
  readonly baseFeeScalar: number;
  readonly blobBaseFeeScalar: number;
}

const ZERO_WORD: Hex = `0x${"0".repeat(64)}`;

/**
 * Whether the L1 attributes of the block with that timestamp have Ecotone's form. The activation block itself does
 * not, since the L1Block contract is upgraded in it; a chain that starts with Ecotone has no such block.
 */
export function hasEcotoneAttributes(
  config: Pick<RollupConfig, "forkTimes" | "blockTime">,
  l2Timestamp: number,
): boolean {
  return isForkActive(config, "ecotone", l2Timestamp) && !isForkActivationBlock(config, "ecotone", l2Timestamp);
}

/** The first transaction of the L2 block with that timestamp and place in the epoch of `l1`. */
export function l1AttributesDeposit(
  config: Pick<RollupConfig, "forkTimes" | "blockTime">,
  block: {
    readonly l1: L1Header;
    readonly systemConfig: SystemConfig;
    readonly sequenceNumber: number;
    readonly timestamp: number;
  },
  keccak256: Keccak256,
): DepositTransaction {
  const { l1, systemConfig, sequenceNumber } = block;
  const ecotone = hasEcotoneAttributes(config, block.timestamp);
  const regolith = isForkActive(config, "regolith", block.timestamp);
  const info: L1BlockInfo = {
    number: l1.number,
    timestamp: l1.timestamp,
    baseFee: l1.baseFeePerGas,
    blockHash: l1.hash,
    sequenceNumber,
    batcherAddress: systemConfig.batcherAddress,
    overhead: systemConfig.overhead,
    scalar: systemConfig.scalar,
    blobBaseFee: l1.blobBaseFee,
    ...(ecotone ? decodeScalar(systemConfig.scalar) : { baseFeeScalar: 0, blobBaseFeeScalar: 0 }),
  };
  return {
    sourceHash: l1AttributesSourceHash(l1.hash, sequenceNumber, keccak256),
    from: L1_ATTRIBUTES_DEPOSITOR,
    to: L1_BLOCK_PREDEPLOY,
    mint: 0n,
    value: 0n,
    gas: regolith ? 1_000_000n : 150_000_000n,
    isSystemTransaction: !regolith,
    data: ecotone ? encodeEcotone(info) : encodeBedrock(info),
  };
}

function encodeBedrock(info: L1BlockInfo): Hex {
  const writer = new ByteWriter(260);
  writer.u32(BEDROCK_SELECTOR);
  writer.u256(BigInt(info.number));
  writer.u256(BigInt(info.timestamp));
  writer.u256(info.baseFee);
  writer.bytes(hexToBytes(info.blockHash));
  writer.u256(BigInt(info.sequenceNumber));
  writer.zeros(12);
  writer.bytes(hexToBytes(info.batcherAddress));
  writer.bytes(hexToBytes(info.overhead));
  writer.bytes(hexToBytes(info.scalar));
  return bytesToHex(writer.finish());
}

/** Packed calldata (specs/protocol/ecotone/l1-attributes.md). */
function encodeEcotone(info: L1BlockInfo): Hex {
  const writer = new ByteWriter(164);
  writer.u32(ECOTONE_SELECTOR);
  writer.u32(info.baseFeeScalar);
  writer.u32(info.blobBaseFeeScalar);
  writer.u64(info.sequenceNumber);
  writer.u64(info.timestamp);
  writer.u64(info.number);
  writer.u256(info.baseFee);
  writer.u256(info.blobBaseFee);
  writer.bytes(hexToBytes(info.blockHash));
  writer.zeros(12);
  writer.bytes(hexToBytes(info.batcherAddress));
  return bytesToHex(writer.finish());
}

/**
 * Reads the calldata of an L1 attributes transaction of the L2 block with that timestamp.
 * @throws ProtocolError `MALFORMED_L1_ATTRIBUTES`
 */
export function parseL1Attributes(
  config: Pick<RollupConfig, "forkTimes" | "blockTime">,
  l2Timestamp: number,
  calldata: Hex,
): L1BlockInfo {
  const ecotone = hasEcotoneAttributes(config, l2Timestamp);
  const data = hexToBytes(calldata);
  const reader = new ByteReader(data, "MALFORMED_L1_ATTRIBUTES");
  if (data.length !== (ecotone ? 164 : 260) || reader.u32() !== (ecotone ? ECOTONE_SELECTOR : BEDROCK_SELECTOR)) {
    throw new ProtocolError("MALFORMED_L1_ATTRIBUTES", "L1 attributes have another form than their fork's", {
      ecotone,
      length: data.length,
    });
  }
  if (ecotone) {
    const baseFeeScalar = reader.u32();
    const blobBaseFeeScalar = reader.u32();
    const sequenceNumber = safe(reader.u64());
    const timestamp = safe(reader.u64());
    const number = safe(reader.u64());
    const baseFee = bytesToBigint(reader.bytes(32));
    const blobBaseFee = bytesToBigint(reader.bytes(32));
    const blockHash = bytesToHex(reader.bytes(32));
    const batcherAddress = address(reader);
    const fees = { overhead: ZERO_WORD, scalar: ZERO_WORD, blobBaseFee, baseFeeScalar, blobBaseFeeScalar };
    return { number, timestamp, baseFee, blockHash, sequenceNumber, batcherAddress, ...fees };
  }
  const number = safe(bytesToBigint(reader.bytes(32)));
  const timestamp = safe(bytesToBigint(reader.bytes(32)));
  const baseFee = bytesToBigint(reader.bytes(32));
  const blockHash = bytesToHex(reader.bytes(32));
  const sequenceNumber = safe(bytesToBigint(reader.bytes(32)));
  const batcherAddress = address(reader);
  const overhead = bytesToHex(reader.bytes(32));
  const scalar = bytesToHex(reader.bytes(32));
  const fees = { overhead, scalar, blobBaseFee: 0n, baseFeeScalar: 0, blobBaseFeeScalar: 0 };
  return { number, timestamp, baseFee, blockHash, sequenceNumber, batcherAddress, ...fees };
}

function safe(value: number | bigint): number {
  if (value > Number.MAX_SAFE_INTEGER)
    throw new ProtocolError("MALFORMED_L1_ATTRIBUTES", "a number exceeds 2^53 - 1", { value });
  return Number(value);
}

function address(reader: ByteReader): Hex {
  if (!isZero(reader.bytes(12)))
    throw new ProtocolError("MALFORMED_L1_ATTRIBUTES", "the batcher hash holds no address");
  return bytesToHex(reader.bytes(20));
}
