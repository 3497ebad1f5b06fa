import { derivationParameters } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { Channel } from "./channel.ts";
import type { ChannelSource } from "./channel-bank.ts";
import type { FrameQueue } from "./frame-queue.ts";
import type { L1Source } from "./l1-source.ts";
import type { Pull } from "./pull.ts";

/** From Holocene on: one staging channel, frames in order (specs/protocol/holocene/derivation.md, "Channel Bank"). */
export class ChannelAssembler implements ChannelSource {
  readonly #config: RollupConfig;
  readonly #frames: FrameQueue;
  readonly #source: L1Source;
  #channel: Channel | null = null;

  constructor(config: RollupConfig, dependencies: { readonly frames: FrameQueue; readonly source: L1Source }) {
    this.#config = config;
    this.#frames = dependencies.frames;
    this.#source = dependencies.source;
  }

  next(): Pull<Uint8Array> {
    const { origin } = this.#source;
    const { channelTimeout, maxRlpBytesPerChannel } = derivationParameters(this.#config, origin.timestamp);
    if (this.#channel?.timedOut(channelTimeout, origin)) this.#channel = null;
    for (;;) {
      const frame = this.#frames.next();
      if (typeof frame === "string" || "kind" in frame) return frame;
      // A first frame always starts a channel and drops an open one.
      if (frame.frameNumber === 0)
        this.#channel = new Channel({ id: frame.channelId, openedAt: origin, inOrder: true });
      if (this.#channel === null || !this.#channel.add(frame)) continue;
      if (this.#channel.size > maxRlpBytesPerChannel) {
        this.#channel = null;
        continue;
      }
      if (frame.isLast) {
        const data = this.#channel.data();
        this.#channel = null;
        return data;
      }
    }
  }
}
