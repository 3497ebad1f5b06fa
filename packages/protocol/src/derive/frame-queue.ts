import type { Frame } from "../batch/frame.ts";
import { parseFrames } from "../batch/frame.ts";
import { isProtocolError } from "../errors.ts";
import type { L1Source } from "./l1-source.ts";
import type { Pull } from "./pull.ts";

/** Splits batcher data into frames. `strict` applies Holocene's pruning. */
export class FrameQueue {
  readonly #source: L1Source;
  readonly #strict: boolean;
  #frames: Frame[] = [];
  #next = 0;

  constructor(options: { readonly strict: boolean }, { source }: { readonly source: L1Source }) {
    this.#strict = options.strict;
    this.#source = source;
  }

  next(): Pull<Frame> {
    if (this.#next === this.#frames.length) {
      const data = this.#source.next();
      if (data === "eof") return "eof";
      this.#frames = framesOf(data);
      if (this.#strict) this.#frames = pruneFrames(this.#frames);
      this.#next = 0;
      if (this.#frames.length === 0) return "more";
    }
    return this.#frames[this.#next++] as Frame;
  }
}

/** Data that is not all well-formed frames counts for nothing: anything may stand in a batcher transaction. */
function framesOf(data: Uint8Array): Frame[] {
  try {
    return parseFrames(data);
  } catch (error) {
    if (isProtocolError(error)) return [];
    throw error;
  }
}

/**
 * Keeps of a queue's frames those that are in order and contiguous within their channel; the first frame of a channel
 * drops an unclosed one before it (specs/protocol/holocene/derivation.md, "Frame Queue").
 */
export function pruneFrames(frames: readonly Frame[]): Frame[] {
  const kept: Frame[] = [];
  for (const frame of frames) {
    // A new channel drops the frames of an unclosed one, back to where that began or was preceded by another channel.
    while (frame.frameNumber === 0) {
      const last = kept.at(-1);
      if (last === undefined || last.isLast || last.channelId === frame.channelId) break;
      kept.pop();
    }
    const last = kept.at(-1);
    if (last === undefined) kept.push(frame);
    else if (last.channelId === frame.channelId) {
      if (!last.isLast && frame.frameNumber === last.frameNumber + 1) kept.push(frame);
    } else if (frame.frameNumber === 0) kept.push(frame);
  }
  return kept;
}
