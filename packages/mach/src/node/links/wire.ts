import {
  ALERT_REASONS,
  type Alert,
  type AlertReason,
  bytesToHex,
  decodeMessage,
  encodeMessage,
  encodeShares,
  type Hex,
  hexToBytes,
  MESSAGE_BYTES,
  type RewardsReport,
} from "@altlayer/protocol";
import type { Share } from "../../core/types.ts";
import { MachError } from "../../errors.ts";

/** docs/spec/mach.md, section 14: what peers say to each other. */
export type Frame =
  /** The first frame of a stream: whom this peer speaks for. The peer id is the connection's. */
  | { readonly type: "hello"; readonly link: SignedLink | null }
  | { readonly type: "share"; readonly share: Share }
  /** Asks for the furthest share that the receiver saw of the sender's operator. */
  | { readonly type: "ask" }
  | { readonly type: "answer"; readonly share: Share | null }
  /** Wire bytes of section 7: read with the table of their epoch. */
  | { readonly type: "certificate"; readonly encoded: Uint8Array }
  | { readonly type: "alert"; readonly signed: SignedAlert }
  /** Asks for certificates: of a digest, or of the highest heights from `height` on. */
  | { readonly type: "request"; readonly query: { readonly digest: Hex } | { readonly height: number } }
  /** All that was asked for has been sent. */
  | { readonly type: "served" }
  /** Asks an operator to sign who took part (section 8, "Rewards"). */
  | { readonly type: "report"; readonly report: RewardsReport }
  /** The signature on a report, by its digest. */
  | { readonly type: "endorsement"; readonly digest: Hex; readonly signature: Hex }
  /** Somebody else is quicker: name blocks' certificates from now on instead of sending any at once. */
  | { readonly type: "prune" }
  /** Takes `prune` back. */
  | { readonly type: "graft" }
  /** Blocks' certificates that the sender has. */
  | { readonly type: "have"; readonly certificates: readonly NamedCertificate[] };

export interface NamedCertificate {
  readonly digest: Hex;
  readonly signers: number;
}

export interface SignedLink {
  readonly operator: Hex;
  readonly issuedAt: number;
  readonly signature: Hex;
}

export interface SignedAlert {
  readonly operator: Hex;
  readonly alert: Alert;
  readonly signature: Hex;
}

const TYPES = [
  "hello",
  "share",
  "ask",
  "answer",
  "certificate",
  "alert",
  "request",
  "served",
  "report",
  "endorsement",
  "prune",
  "graft",
  "have",
] as const;
const SIGNATURE_BYTES = 64;
const LINK_BYTES = 20 + 8 + SIGNATURE_BYTES;
const SHARE_BYTES = MESSAGE_BYTES + SIGNATURE_BYTES;
const ALERT_BYTES = 20 + 8 + 8 + 32 + 1 + 4 + SIGNATURE_BYTES;
const POINTS_BYTES = 20 + 8;
const MAX_REPORTED = 1024;
/** Certificates in one `have`. */
export const MAX_NAMED = 64;
const NAMED_BYTES = 32 + 2;
/** A report of as many operators as there can be. */
export const MAX_FRAME_BYTES = 32 * 1024;
const MIN_CERTIFICATE_BYTES = 1 + MESSAGE_BYTES + 32 + 64 + 128 + 2 + 1;

/** A frame with its length in front. */
export function encodeFrame(frame: Frame): Uint8Array {
  const body = bodyOf(frame);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + body.length, 0);
  head.writeUInt8(TYPES.indexOf(frame.type) + 1, 4);
  return Buffer.concat([head, body]);
}

/** Strict: one frame, one encoding. @param bytes type and body @throws MachError `MALFORMED_FRAME` */
export function decodeFrame(bytes: Uint8Array): Frame {
  const type = TYPES[(bytes[0] ?? 0) - 1];
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(1);
  try {
    switch (type) {
      case "hello":
        return { type, link: optional(body, LINK_BYTES, readLink) };
      case "share":
        return { type, share: readShare(sized(body, SHARE_BYTES)) };
      case "answer":
        return { type, share: optional(body, SHARE_BYTES, readShare) };
      case "certificate":
        if (body.length < MIN_CERTIFICATE_BYTES) throw malformed("too short");
        return { type, encoded: new Uint8Array(body) };
      case "alert":
        return { type, signed: readAlert(sized(body, ALERT_BYTES)) };
      case "request":
        return { type, query: readQuery(body) };
      case "report":
        return { type, report: readReport(body) };
      case "endorsement": {
        const bytes = sized(body, 32 + SIGNATURE_BYTES);
        return { type, digest: bytesToHex(bytes.subarray(0, 32)), signature: bytesToHex(bytes.subarray(32)) };
      }
      case "have":
        return { type, certificates: readNamed(body) };
      case "ask":
      case "served":
      case "prune":
      case "graft":
        sized(body, 0);
        return { type };
    }
  } catch (error) {
    throw error instanceof MachError ? error : malformed(error instanceof Error ? error.message : String(error));
  }
  throw malformed("unknown type");
}

function bodyOf(frame: Frame): Uint8Array {
  switch (frame.type) {
    case "hello": {
      if (frame.link === null) return Buffer.of(0);
      const { operator, issuedAt, signature } = frame.link;
      return Buffer.concat([Buffer.of(1), hexToBytes(operator), u64(issuedAt), hexToBytes(signature)]);
    }
    case "share":
      return writeShare(frame.share);
    case "answer":
      return frame.share === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), writeShare(frame.share)]);
    case "certificate":
      return frame.encoded;
    case "alert": {
      const { operator, alert, signature } = frame.signed;
      const index = Buffer.alloc(4);
      index.writeUInt32BE(alert.transactionIndex);
      return Buffer.concat([
        hexToBytes(operator),
        u64(alert.epoch),
        u64(alert.height),
        hexToBytes(alert.blockHash),
        Buffer.of(alert.reason),
        index,
        hexToBytes(signature),
      ]);
    }
    case "request":
      return "digest" in frame.query
        ? Buffer.concat([Buffer.of(0), hexToBytes(frame.query.digest)])
        : Buffer.concat([Buffer.of(1), u64(frame.query.height)]);
    case "report": {
      const { firstEpoch, lastEpoch, operators, points } = frame.report;
      const count = Buffer.alloc(2);
      count.writeUInt16BE(operators.length);
      const list = operators.flatMap((operator, i) => [hexToBytes(operator), u64(points[i] ?? 0n)]);
      return Buffer.concat([u64(firstEpoch), u64(lastEpoch), count, ...list]);
    }
    case "endorsement":
      return Buffer.concat([hexToBytes(frame.digest), hexToBytes(frame.signature)]);
    case "have":
      return Buffer.concat(
        frame.certificates.flatMap(({ digest, signers }) => [
          hexToBytes(digest),
          Buffer.of(signers >> 8, signers & 255),
        ]),
      );
    case "ask":
    case "served":
    case "prune":
    case "graft":
      return new Uint8Array();
  }
}

function writeShare({ message, signature }: Share): Uint8Array {
  return Buffer.concat([encodeMessage(message), hexToBytes(signature)]);
}

function readShare(bytes: Buffer): Share {
  return {
    message: decodeMessage(bytes.subarray(0, MESSAGE_BYTES)),
    signature: bytesToHex(bytes.subarray(MESSAGE_BYTES)),
  };
}

function readLink(bytes: Buffer): SignedLink {
  return {
    operator: bytesToHex(bytes.subarray(0, 20)),
    issuedAt: safe(bytes.readBigUInt64BE(20)),
    signature: bytesToHex(bytes.subarray(28)),
  };
}

function readAlert(bytes: Buffer): SignedAlert {
  const reason = bytes.readUInt8(68);
  if (!Object.values(ALERT_REASONS).includes(reason as AlertReason)) throw malformed("unknown reason");
  return {
    operator: bytesToHex(bytes.subarray(0, 20)),
    alert: {
      epoch: safe(bytes.readBigUInt64BE(20)),
      height: safe(bytes.readBigUInt64BE(28)),
      blockHash: bytesToHex(bytes.subarray(36, 68)),
      reason: reason as AlertReason,
      transactionIndex: bytes.readUInt32BE(69),
    },
    signature: bytesToHex(bytes.subarray(73)),
  };
}

/** Strictly: `encodeShares` takes it. */
function readReport(body: Buffer): RewardsReport {
  const count = body.length < 18 ? 0 : body.readUInt16BE(16);
  if (count > MAX_REPORTED) throw malformed("too many operators");
  sized(body, 18 + count * POINTS_BYTES);
  const at = Array.from({ length: count }, (_, i) => 18 + i * POINTS_BYTES);
  const report = {
    firstEpoch: safe(body.readBigUInt64BE(0)),
    lastEpoch: safe(body.readBigUInt64BE(8)),
    operators: at.map((from) => bytesToHex(body.subarray(from, from + 20))),
    points: at.map((from) => body.readBigUInt64BE(from + 20)),
  };
  encodeShares(report);
  return report;
}

function readNamed(body: Buffer): NamedCertificate[] {
  const count = body.length / NAMED_BYTES;
  if (count < 1 || count > MAX_NAMED || !Number.isInteger(count)) throw malformed("no list of certificates");
  return Array.from({ length: count }, (_, i) => {
    const bytes = body.subarray(NAMED_BYTES * i, NAMED_BYTES * (i + 1));
    return { digest: bytesToHex(bytes.subarray(0, 32)), signers: bytes.readUInt16BE(32) };
  });
}

function readQuery(body: Buffer): { digest: Hex } | { height: number } {
  const kind = body[0];
  if (kind === 0) return { digest: bytesToHex(sized(body, 33).subarray(1)) };
  if (kind === 1) return { height: safe(sized(body, 9).readBigUInt64BE(1)) };
  throw malformed("unknown request");
}

function optional<Value>(body: Buffer, length: number, read: (bytes: Buffer) => Value): Value | null {
  if (body[0] === 0) {
    sized(body, 1);
    return null;
  }
  if (body[0] !== 1) throw malformed("presence is 0 or 1");
  return read(sized(body, 1 + length).subarray(1));
}

function sized(body: Buffer, length: number): Buffer {
  if (body.length !== length) throw malformed(`the body has ${body.length} bytes, not ${length}`);
  return body;
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed("a number is out of range");
  return Number(value);
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function malformed(problem: string): MachError {
  return new MachError("MALFORMED_FRAME", `a peer sent a malformed frame: ${problem}`);
}
