import { ByteWriter, bytesToHex, hexToBytes, utf8Bytes } from "../encoding/bytes.ts";
import type { Hex, Keccak256 } from "../types.ts";

/** Domains of deposits' source hashes (specs/protocol/deposits.md, "Source hash computation"). */
const USER_DEPOSIT = 0;
const L1_ATTRIBUTES = 1;
const UPGRADE = 2;

export function userDepositSourceHash(l1BlockHash: Hex, logIndex: number, keccak256: Keccak256): Hex {
  return sourceHash(USER_DEPOSIT, blockAndNumber(l1BlockHash, logIndex, keccak256), keccak256);
}

export function l1AttributesSourceHash(l1BlockHash: Hex, sequenceNumber: number, keccak256: Keccak256): Hex {
  return sourceHash(L1_ATTRIBUTES, blockAndNumber(l1BlockHash, sequenceNumber, keccak256), keccak256);
}

/** `intent` is the upgrade's text, such as "Ecotone: L1 Block Deployment". */
export function upgradeSourceHash(intent: string, keccak256: Keccak256): Hex {
  return sourceHash(UPGRADE, keccak256(utf8Bytes(intent)), keccak256);
}

function blockAndNumber(hash: Hex, number: number, keccak256: Keccak256): Uint8Array {
  const writer = new ByteWriter(64);
  writer.bytes(hexToBytes(hash));
  writer.zeros(24);
  writer.u64(number);
  return keccak256(writer.finish());
}

function sourceHash(domain: number, id: Uint8Array, keccak256: Keccak256): Hex {
  const writer = new ByteWriter(64);
  writer.zeros(24);
  writer.u64(domain);
  writer.bytes(id);
  return bytesToHex(keccak256(writer.finish()));
}
