import { ByteWriter, bytesToHex, concatBytes, hexToBytes, utf8Bytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex, Keccak256 } from "../types.ts";
import type { Alert } from "./alert.ts";
import type { Link } from "./link.ts";
import { type Core, hash, type Message, word, writeBase, writeCore } from "./message.ts";
import { encodeShares, type RewardsReport } from "./report.ts";

/** What a message is bound to (docs/spec/mach.md, section 1). */
export interface MachDomain {
  readonly l1ChainId: number;
  readonly avs: Hex;
  readonly operatorSetId: number;
  readonly rollupId: Hex;
}

const BASE_TYPE = "Base(uint64 epoch,bytes32 l1Hash,uint64 height,bytes32 blockHash)";
const CORE_TYPE =
  "Core(uint64 height,uint64 timestamp,uint64 originNumber,bytes32 originHash,bytes32 parentHash," +
  "bytes32 attributesHash,bytes32 historyRoot,uint32 transactionCount,bytes32 transactionRoot," +
  "bytes32 blockHash,bytes32 outputRoot)";
const MESSAGE_TYPE = `Message(uint8 kind,Core core,Base base)${BASE_TYPE}${CORE_TYPE}`;
const ALERT_TYPE = "Alert(uint64 epoch,uint64 height,bytes32 blockHash,uint8 reason,uint32 transactionIndex)";
const LINK_TYPE = "Link(bytes peerId,address operator,uint64 issuedAt)";
const REPORT_TYPE = "Report(uint64 firstEpoch,uint64 lastEpoch,bytes32 sharesHash)";
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)";
const NAME = "AltLayer MACH";
const VERSION = "1";

/** EIP-712 digests of one service. Holds the hashes that do not change. */
export class MachDigests {
  readonly domainSeparator: Hex;
  readonly #keccak256: Keccak256;
  readonly #prefix: Uint8Array;
  readonly #coreType: Uint8Array;
  readonly #baseType: Uint8Array;
  readonly #messageType: Uint8Array;
  readonly #alertType: Uint8Array;
  readonly #linkType: Uint8Array;
  /** Of messages that are about: signer, rota and aggregator ask for the same one. */
  readonly #messages = new WeakMap<Message, Hex>();

  constructor(domain: MachDomain, { keccak256 }: { readonly keccak256: Keccak256 }) {
    this.#keccak256 = keccak256;
    this.#coreType = keccak256(utf8Bytes(CORE_TYPE));
    this.#baseType = keccak256(utf8Bytes(BASE_TYPE));
    this.#messageType = keccak256(utf8Bytes(MESSAGE_TYPE));
    this.#alertType = keccak256(utf8Bytes(ALERT_TYPE));
    this.#linkType = keccak256(utf8Bytes(LINK_TYPE));
    const separator = this.#domainSeparator(domain);
    this.domainSeparator = bytesToHex(separator);
    this.#prefix = concatBytes(Uint8Array.of(0x19, 0x01), separator);
  }

  /** What operators sign. */
  message(message: Message): Hex {
    const known = this.#messages.get(message);
    if (known !== undefined) return known;
    const writer = new ByteWriter(128);
    writer.bytes(this.#messageType);
    word(writer, message.kind, 0xff);
    writer.bytes(hexToBytes(this.core(message.core)));
    writer.bytes(this.#base(message));
    const digest = this.#digest(writer);
    this.#messages.set(message, digest);
    return digest;
  }

  alert(alert: Alert): Hex {
    const writer = new ByteWriter(192);
    writer.bytes(this.#alertType);
    word(writer, alert.epoch);
    word(writer, alert.height);
    hash(writer, alert.blockHash);
    word(writer, alert.reason, 0xff);
    word(writer, alert.transactionIndex, 0xffffffff);
    return this.#digest(writer);
  }

  link(link: Link): Hex {
    const writer = new ByteWriter(128);
    writer.bytes(this.#linkType);
    writer.bytes(this.#keccak256(hexToBytes(link.peerId)));
    address(writer, link.operator);
    word(writer, link.issuedAt);
    return this.#digest(writer);
  }

  /** What operators certify for their rewards. @throws ProtocolError `MALFORMED_REPORT` */
  report(report: RewardsReport): Hex {
    const writer = new ByteWriter(128);
    writer.bytes(this.#keccak256(utf8Bytes(REPORT_TYPE)));
    word(writer, report.firstEpoch);
    word(writer, report.lastEpoch);
    writer.bytes(this.#keccak256(encodeShares(report)));
    return this.#digest(writer);
  }

  /** hashStruct(Core): what history ranges hold. */
  core(core: Core): Hex {
    return structHash(this.#coreType, core, this.#keccak256);
  }

  #base(message: Message): Uint8Array {
    const writer = new ByteWriter(160);
    writer.bytes(this.#baseType);
    writeBase(writer, message.base);
    return this.#keccak256(writer.finish());
  }

  #digest(struct: ByteWriter): Hex {
    return bytesToHex(this.#keccak256(concatBytes(this.#prefix, this.#keccak256(struct.finish()))));
  }

  #domainSeparator(domain: MachDomain): Uint8Array {
    const salt = new ByteWriter(64);
    hash(salt, domain.rollupId);
    word(salt, domain.operatorSetId, 0xffffffff);
    const writer = new ByteWriter(192);
    writer.bytes(this.#keccak256(utf8Bytes(DOMAIN_TYPE)));
    writer.bytes(this.#keccak256(utf8Bytes(NAME)));
    writer.bytes(this.#keccak256(utf8Bytes(VERSION)));
    word(writer, domain.l1ChainId);
    address(writer, domain.avs);
    writer.bytes(this.#keccak256(salt.finish()));
    return this.#keccak256(writer.finish());
  }
}

/** hashStruct(Core) of one core: it depends on no domain. `MachDigests.core` for many. */
export function coreHash(core: Core, keccak256: Keccak256): Hex {
  return structHash(keccak256(utf8Bytes(CORE_TYPE)), core, keccak256);
}

function structHash(type: Uint8Array, core: Core, keccak256: Keccak256): Hex {
  const writer = new ByteWriter(384);
  writer.bytes(type);
  writeCore(writer, core);
  return bytesToHex(keccak256(writer.finish()));
}

export interface RollupIdentity {
  readonly systemConfig: Hex;
  readonly l2ChainId: number;
  readonly l2GenesisHash: Hex;
}

export function rollupId(rollup: RollupIdentity, keccak256: Keccak256): Hex {
  const writer = new ByteWriter(96);
  address(writer, rollup.systemConfig);
  word(writer, rollup.l2ChainId);
  hash(writer, rollup.l2GenesisHash);
  return bytesToHex(keccak256(writer.finish()));
}

export interface MachAttributes {
  readonly gasLimit: number;
  readonly prevRandao: Hex;
  readonly parentBeaconBlockRoot: Hex;
  readonly suggestedFeeRecipient: Hex;
  /** 8 bytes; absent before Holocene. */
  readonly eip1559Params?: Hex;
  /** EIP-2718 bytes of the deposits at the head of the block. */
  readonly deposits: readonly Hex[];
}

export function attributesHash(attributes: MachAttributes, keccak256: Keccak256): Hex {
  const writer = new ByteWriter(192);
  word(writer, attributes.gasLimit);
  hash(writer, attributes.prevRandao);
  hash(writer, attributes.parentBeaconBlockRoot);
  address(writer, attributes.suggestedFeeRecipient);
  const params = hexToBytes(attributes.eip1559Params ?? "0x0000000000000000");
  if (params.length !== 8) throw new ProtocolError("MALFORMED_MESSAGE", "eip1559Params have 8 bytes");
  writer.bytes(params);
  writer.zeros(24);
  writer.bytes(keccak256(concatBytes(...attributes.deposits.map((deposit) => keccak256(hexToBytes(deposit))))));
  return bytesToHex(keccak256(writer.finish()));
}

function address(writer: ByteWriter, value: Hex): void {
  const bytes = hexToBytes(value);
  if (bytes.length !== 20) throw new ProtocolError("MALFORMED_MESSAGE", "an address has 20 bytes");
  writer.zeros(12);
  writer.bytes(bytes);
}
