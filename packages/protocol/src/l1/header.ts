import { ByteWriter, bytesToHex, hexToBytes } from "../encoding/bytes.ts";
import { headerSize, writeListHeader, writeString, writeUint } from "../encoding/rlp.ts";
import type { Hex, Keccak256 } from "../types.ts";

/** What an L1 block's hash is made of; the last ones are there from their forks on. The timestamp is in seconds. */
export interface L1HeaderFields {
  readonly parentHash: Hex;
  readonly sha3Uncles: Hex;
  readonly miner: Hex;
  readonly stateRoot: Hex;
  readonly transactionsRoot: Hex;
  readonly receiptsRoot: Hex;
  readonly logsBloom: Hex;
  readonly difficulty: bigint;
  readonly number: number;
  readonly gasLimit: bigint | number;
  readonly gasUsed: bigint | number;
  readonly timestamp: number;
  readonly extraData: Hex;
  readonly mixHash: Hex;
  readonly nonce: Hex;
  readonly baseFeePerGas?: bigint | undefined;
  readonly withdrawalsRoot?: Hex | undefined;
  readonly blobGasUsed?: bigint | undefined;
  readonly excessBlobGas?: bigint | undefined;
  readonly parentBeaconBlockRoot?: Hex | undefined;
  readonly requestsHash?: Hex | undefined;
}

/**
 * Hash of an L1 header from its fields: what an L1 says a block's hash is, is believed only when this agrees. Each fork
 * appended its own (EIP-1559, 4895, 4844, 4788, 7685): the first one that is absent ends the header. A fork that this
 * code does not know gives another hash, hence a refusal.
 */
export function l1HeaderHash(header: L1HeaderFields, keccak256: Keccak256): Hex {
  const fields = new ByteWriter(1_024);
  for (const field of [...frontierFields(header), ...laterFields(header)]) {
    if (typeof field === "string") writeString(fields, hexToBytes(field));
    else writeUint(fields, field);
  }
  const content = fields.finish();
  const writer = new ByteWriter(headerSize(content.length) + content.length);
  writeListHeader(writer, content.length);
  writer.bytes(content);
  return bytesToHex(keccak256(writer.finish()));
}

function frontierFields(header: L1HeaderFields): readonly (Hex | bigint | number)[] {
  return [
    header.parentHash,
    header.sha3Uncles,
    header.miner,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    header.difficulty,
    header.number,
    header.gasLimit,
    header.gasUsed,
    header.timestamp,
    header.extraData,
    header.mixHash,
    header.nonce,
  ];
}

function laterFields(header: L1HeaderFields): readonly (Hex | bigint)[] {
  const fields = [
    header.baseFeePerGas,
    header.withdrawalsRoot,
    header.blobGasUsed,
    header.excessBlobGas,
    header.parentBeaconBlockRoot,
    header.requestsHash,
  ];
  const end = fields.indexOf(undefined);
  return (end < 0 ? fields : fields.slice(0, end)) as readonly (Hex | bigint)[];
}
