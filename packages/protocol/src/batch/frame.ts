import { ByteReader, ByteWriter, bytesToHex, hexToBytes } from "../encoding/bytes.ts";
import { ProtocolError } from "../errors.ts";
import type { Hex } from "../types.ts";

/** A piece of a channel (specs/protocol/derivation.md, "Frame Format"). */
export interface Frame {
  /** 16 bytes. */
  readonly channelId: Hex;
  readonly frameNumber: number;
  readonly data: Uint8Array;
  readonly isLast: boolean;
}

/** Version byte of batcher transactions (and blobs) that hold frames. */
export const DERIVATION_VERSION_0 = 0;
/** Bytes of a frame beside its data: channel id 16, number 2, length 4, last 1. */
export const FRAME_OVERHEAD = 23;
export const MAX_FRAME_DATA = 1_000_000;

/** The data of one batcher transaction or blob. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  let size = 1;
  for (const frame of frames) size += FRAME_OVERHEAD + frame.data.length;
  const writer = new ByteWriter(size);
  writer.u8(DERIVATION_VERSION_0);
  for (const frame of frames) {
    writer.bytes(hexToBytes(frame.channelId));
    writer.u16(frame.frameNumber);
    writer.u32(frame.data.length);
    writer.bytes(frame.data);
    writer.u8(frame.isLast ? 1 : 0);
  }
  return writer.finish();
}

/**
 * All frames of one batcher transaction or blob; one malformed frame makes the whole of it invalid.
 * @throws ProtocolError `MALFORMED_FRAME`
 */
export function parseFrames(data: Uint8Array): Frame[] {
  const reader = new ByteReader(data, "MALFORMED_FRAME");
  const version = reader.u8();
  if (version !== DERIVATION_VERSION_0) throw malformed("unknown version of batcher data", { version });
  const frames: Frame[] = [];
  while (reader.remaining > 0) {
    const channelId = bytesToHex(reader.bytes(16));
    const frameNumber = reader.u16();
    const length = reader.u32();
    if (length > MAX_FRAME_DATA) throw malformed("frame data is too long", { length });
    const content = reader.bytes(length);
    const last = reader.u8();
    if (last > 1) throw malformed("the last-frame flag is neither 0 nor 1", { last });
    frames.push({ channelId, frameNumber, data: content, isLast: last === 1 });
  }
  if (frames.length === 0) throw malformed("no frames", {});
  return frames;
}

function malformed(problem: string, details: Record<string, number>): ProtocolError {
  return new ProtocolError("MALFORMED_FRAME", problem, details);
}
