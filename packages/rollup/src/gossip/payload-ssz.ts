import type { ExecutionPayload, Hex } from "@altlayer/engine";
import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
} from "@chainsafe/ssz";
import { GossipError } from "./errors.ts";

const bytes20 = new ByteVectorType(20);
const bytes32 = new ByteVectorType(32);
const uint64 = new UintNumberType(8, { clipInfinity: true });

// Withdrawals are always empty on the OP Stack before Isthmus; the list stands here for its place in the encoding.
const withdrawal = new ContainerType({
  index: uint64,
  validatorIndex: uint64,
  address: bytes20,
  amount: uint64,
});

/**
 * The Deneb execution payload (consensus-specs, deneb/beacon-chain.md), as the OP Stack's V3 topic carries it
 * after the parent beacon block root (specs/protocol/rollup-node-p2p.md, "Block encoding").
 */
const executionPayload = new ContainerType({
  parentHash: bytes32,
  feeRecipient: bytes20,
  stateRoot: bytes32,
  receiptsRoot: bytes32,
  logsBloom: new ByteVectorType(256),
  prevRandao: bytes32,
  blockNumber: uint64,
  gasLimit: uint64,
  gasUsed: uint64,
  timestamp: uint64,
  extraData: new ByteListType(32),
  baseFeePerGas: new UintBigintType(32),
  blockHash: bytes32,
  transactions: new ListCompositeType(new ByteListType(2 ** 30), 2 ** 20),
  withdrawals: new ListCompositeType(withdrawal, 16),
  blobGasUsed: uint64,
  excessBlobGas: uint64,
});

function bytes(hex: Hex): Uint8Array {
  return Buffer.from(hex.slice(2), "hex");
}

function hex(data: Uint8Array): Hex {
  return `0x${Buffer.from(data).toString("hex")}`;
}

function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** Encodes the envelope of the V3 topic: parent beacon block root, then the payload's SSZ. */
export function encodePayloadEnvelope(payload: ExecutionPayload): Uint8Array {
  const encoded = executionPayload.serialize({
    parentHash: bytes(payload.parentHash),
    feeRecipient: bytes(payload.feeRecipient),
    stateRoot: bytes(payload.stateRoot),
    receiptsRoot: bytes(payload.receiptsRoot),
    logsBloom: bytes(payload.logsBloom),
    prevRandao: bytes(payload.prevRandao),
    blockNumber: Number(payload.blockNumber),
    gasLimit: Number(payload.gasLimit),
    gasUsed: Number(payload.gasUsed),
    timestamp: Number(payload.timestamp),
    extraData: bytes(payload.extraData),
    baseFeePerGas: BigInt(payload.baseFeePerGas),
    blockHash: bytes(payload.blockHash),
    transactions: payload.transactions.map(bytes),
    withdrawals: [],
    blobGasUsed: Number(payload.blobGasUsed),
    excessBlobGas: Number(payload.excessBlobGas),
  });
  return Buffer.concat([bytes(payload.parentBeaconBlockRoot), encoded]);
}

/** Decodes the V3 topic's envelope. Anything but empty withdrawals and zero blob gas is refused, as the topic's rules say. */
export function decodePayloadEnvelope(data: Uint8Array): ExecutionPayload {
  if (data.length < 32) throw new GossipError("message-too-small", "payload envelope lacks its beacon block root");
  let decoded: ReturnType<typeof executionPayload.deserialize>;
  try {
    decoded = executionPayload.deserialize(Uint8Array.from(data.subarray(32)));
  } catch (cause) {
    throw new GossipError("payload-invalid", "execution payload is not valid SSZ", { cause });
  }
  if (decoded.withdrawals.length > 0) throw new GossipError("payload-invalid", "payload has withdrawals");
  if (decoded.blobGasUsed !== 0 || decoded.excessBlobGas !== 0) {
    throw new GossipError("payload-invalid", "payload has blob gas");
  }
  for (const field of ["blockNumber", "gasLimit", "gasUsed", "timestamp"] as const) {
    if (!Number.isSafeInteger(decoded[field])) throw new GossipError("payload-invalid", `${field} exceeds 2^53`);
  }
  return {
    parentBeaconBlockRoot: hex(data.subarray(0, 32)),
    parentHash: hex(decoded.parentHash),
    feeRecipient: hex(decoded.feeRecipient),
    stateRoot: hex(decoded.stateRoot),
    receiptsRoot: hex(decoded.receiptsRoot),
    logsBloom: hex(decoded.logsBloom),
    prevRandao: hex(decoded.prevRandao),
    blockNumber: quantity(decoded.blockNumber),
    gasLimit: quantity(decoded.gasLimit),
    gasUsed: quantity(decoded.gasUsed),
    timestamp: quantity(decoded.timestamp),
    extraData: hex(decoded.extraData),
    baseFeePerGas: quantity(decoded.baseFeePerGas),
    blockHash: hex(decoded.blockHash),
    transactions: decoded.transactions.map(hex),
    withdrawals: [],
    blobGasUsed: "0x0",
    excessBlobGas: "0x0",
  };
}
