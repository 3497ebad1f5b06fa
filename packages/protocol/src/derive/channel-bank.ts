import type { Frame } from "../batch/frame.ts";
import { derivationParameters, isForkActive } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import type { Hex } from "../types.ts";
import { Channel } from "./channel.ts";
import type { FrameQueue } from "./frame-queue.ts";
import type { L1Source } from "./l1-source.ts";
import type { Pull } from "./pull.ts";

/** What gives whole channels to the channel reader. */
export interface ChannelSource {
  next(): Pull<Uint8Array>;
}

/** Before Holocene: many channels at once, frames in any order (specs/protocol/derivation.md, "Channel Bank"). */
export class ChannelBank implements ChannelSource {
  readonly #config: RollupConfig;
  readonly #frames: FrameQueue;
  readonly #source: L1Source;
  /** In order of their first frames: a Map keeps it. */
  readonly #channels = new Map<Hex, Channel>();
  #size = 0;

  constructor(config: RollupConfig, dependencies: { readonly frames: FrameQueue; readonly source: L1Source }) {
    this.#config = config;
    this.#frames = dependencies.frames;
    this.#source = dependencies.source;
  }

  /** Reads before it takes in the next frame: what is pruned depends on that order. */
  next(): Pull<Uint8Array> {
    const data = this.#read();
    if (data !== null) return data;
    const frame = this.#frames.next();
    if (typeof frame === "string" || "kind" in frame) return frame;
    this.#ingest(frame);
    return "more";
  }

  #read(): Uint8Array | "more" | null {
    const { origin } = this.#source;
    const { channelTimeout } = derivationParameters(this.#config, origin.timestamp);
    const canyon = isForkActive(this.#config, "canyon", origin.timestamp);
    let first = true;
    for (const channel of this.#channels.values()) {
      const timedOut = channel.timedOut(channelTimeout, origin);
      if (first && timedOut) {
        this.#drop(channel);
        return "more";
      }
      if (!timedOut && channel.ready) {
        this.#drop(channel);
        return channel.data();
      }
      // Before Canyon only the oldest channel could be read.
      if (!canyon) break;
      first = false;
    }
    return null;
  }

  #ingest(frame: Frame): void {
    const { origin } = this.#source;
    const { channelTimeout, maxChannelBankSize } = derivationParameters(this.#config, origin.timestamp);
    let channel = this.#channels.get(frame.channelId);
    if (channel === undefined) {
      channel = new Channel({ id: frame.channelId, openedAt: origin, inOrder: false });
      this.#channels.set(frame.channelId, channel);
    }
    if (channel.timedOut(channelTimeout, origin)) return;
    const before = channel.size;
    if (!channel.add(frame)) return;
    this.#size += channel.size - before;
    for (const oldest of this.#channels.values()) {
      if (this.#size <= maxChannelBankSize) break;
      this.#drop(oldest);
    }
  }

  #drop(channel: Channel): void {
    this.#channels.delete(channel.id);
    this.#size -= channel.size;
  }
}
