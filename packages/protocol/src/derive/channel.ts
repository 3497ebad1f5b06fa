import type { Frame } from "../batch/frame.ts";
import { concatBytes } from "../encoding/bytes.ts";
import type { Hex, L1BlockRef } from "../types.ts";

/** Counted for each buffered frame beside its data (specs/protocol/derivation.md, "Pruning"). */
const FRAME_MEMORY_OVERHEAD = 200;

/** The frames of one channel as they arrive. `inOrder`: Holocene's rule that each must continue the one before. */
export class Channel {
  readonly id: Hex;
  readonly openedAt: number;
  readonly #inOrder: boolean;
  readonly #frames = new Map<number, Frame>();
  #endFrame: number | null = null;
  #highestFrame = 0;
  #size = 0;

  constructor(options: { readonly id: Hex; readonly openedAt: L1BlockRef; readonly inOrder: boolean }) {
    this.id = options.id;
    this.openedAt = options.openedAt.number;
    this.#inOrder = options.inOrder;
  }

  /** Bytes held, with an overhead for each frame. */
  get size(): number {
    return this.#size;
  }

  /** Whether an L1 block is past the channel's time. */
  timedOut(timeout: number, origin: L1BlockRef): boolean {
    return this.openedAt + timeout < origin.number;
  }

  /** Takes a frame in; false if the channel's rules refuse it. */
  add(frame: Frame): boolean {
    const { frameNumber, isLast } = frame;
    if (frame.channelId !== this.id) return false;
    if (isLast && this.#endFrame !== null) return false;
    if (this.#frames.has(frameNumber)) return false;
    if (this.#endFrame !== null && frameNumber >= this.#endFrame) return false;
    if (this.#inOrder && frameNumber !== this.#frames.size) return false;
    if (isLast) this.#close(frameNumber);
    this.#highestFrame = Math.max(this.#highestFrame, frameNumber);
    this.#frames.set(frameNumber, frame);
    this.#size += memory(frame);
    return true;
  }

  #close(endFrame: number): void {
    this.#endFrame = endFrame;
    if (endFrame >= this.#highestFrame) return;
    for (const [number, frame] of this.#frames) {
      if (number >= endFrame) this.#frames.delete(number);
      // All implementations subtract also the frames that stay; it decides what the bank prunes, so it is consensus.
      this.#size -= memory(frame);
    }
    this.#highestFrame = endFrame;
  }

  get ready(): boolean {
    // Frame numbers are distinct and none is above the end, so counting them is enough.
    return this.#endFrame !== null && this.#frames.size === this.#endFrame + 1;
  }

  /** The channel's data. Only when ready. */
  data(): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < this.#frames.size; i++) parts.push((this.#frames.get(i) as Frame).data);
    return concatBytes(...parts);
  }
}

function memory(frame: Frame): number {
  return frame.data.length + FRAME_MEMORY_OVERHEAD;
}
