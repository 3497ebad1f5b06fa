import type { Batch, SpanBatchChain } from "../batch/batch.ts";
import { BatchReader, decodeChannel } from "../batch/channel-codec.ts";
import { derivationParameters } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { isProtocolError } from "../errors.ts";
import type { Decompress } from "./api.ts";
import type { ChannelSource } from "./channel-bank.ts";
import type { L1Source } from "./l1-source.ts";
import type { Pull } from "./pull.ts";

/** Decompresses channels and reads their batches (specs/protocol/derivation.md, "Channel Reader"). */
export class ChannelReader {
  readonly #config: RollupConfig;
  readonly #chain: SpanBatchChain;
  readonly #channels: ChannelSource;
  readonly #source: L1Source;
  readonly #decompress: Decompress;
  #batches: BatchReader | null = null;

  constructor(
    config: RollupConfig,
    dependencies: { readonly channels: ChannelSource; readonly source: L1Source; readonly decompress: Decompress },
  ) {
    this.#config = config;
    this.#chain = spanBatchChain(config);
    this.#channels = dependencies.channels;
    this.#source = dependencies.source;
    this.#decompress = dependencies.decompress;
  }

  next(): Pull<Batch> {
    const parameters = derivationParameters(this.#config, this.#source.origin.timestamp);
    try {
      if (this.#batches === null) {
        const data = this.#channels.next();
        if (typeof data === "string" || "kind" in data) return data;
        const options = { maxBytes: parameters.maxRlpBytesPerChannel, brotli: parameters.brotli };
        this.#batches = new BatchReader(decodeChannel(data, options, this.#decompress), this.#chain);
      }
      const batch = this.#batches.next();
      if (batch === null) this.#batches = null;
      // Before Delta span batches do not exist; the rest of the channel may still be good.
      else if (batch.kind === "singular" || parameters.spanBatches) return batch;
      return "more";
    } catch (error) {
      if (!isProtocolError(error)) throw error;
      // Malformed: nothing after it can be read.
      this.#batches = null;
      return "more";
    }
  }

  /** Drops what is left of the present channel. */
  flush(): void {
    this.#batches = null;
  }
}

function spanBatchChain(config: RollupConfig): SpanBatchChain {
  return { l2ChainId: config.l2ChainId, genesisTime: config.genesis.l2Time, blockTime: config.blockTime };
}
