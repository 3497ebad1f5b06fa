import type { Hex, Keccak256 } from "../types.ts";
import { ByteWriter, bytesToHex, hexToBytes } from "./bytes.ts";

export interface OutputV0 {
  readonly stateRoot: Hex;
  /** Storage root of the L2ToL1MessagePasser predeploy. */
  readonly messagePasserStorageRoot: Hex;
  readonly blockHash: Hex;
}

/** The output root that proposals commit to (specs/protocol/proposals.md, "L2 Output Commitment Construction"). */
export function outputRoot(output: OutputV0, keccak256: Keccak256): Hex {
  const writer = new ByteWriter(128);
  writer.zeros(32);
  writer.bytes(hexToBytes(output.stateRoot));
  writer.bytes(hexToBytes(output.messagePasserStorageRoot));
  writer.bytes(hexToBytes(output.blockHash));
  return bytesToHex(keccak256(writer.finish()));
}
