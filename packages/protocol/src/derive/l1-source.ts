import { derivationParameters } from "../config/forks.ts";
import type { RollupConfig } from "../config/rollup-config.ts";
import { decodeBlob } from "../encoding/blob.ts";
import { hexToBytes } from "../encoding/bytes.ts";
import { isProtocolError, ProtocolError } from "../errors.ts";
import type { ConfigUpdate } from "../l1/system-config.ts";
import { applyConfigUpdate, configUpdates } from "../l1/system-config.ts";
import type { Hex, L1Block, L1BlockRef, L1Transaction, SystemConfig } from "../types.ts";
import type { BlobReference, PipelineStart } from "./api.ts";

/** Transaction types that may carry batches; later ones are ignored (specs/protocol/derivation.md, "L1 Retrieval"). */
const BATCHER_TRANSACTION_TYPES: readonly number[] = [0, 1, 2, 3, 0x7e];
const BLOB_TRANSACTION = 3;

/** Batcher data in the order of the block: bytes, or a blob to come. */
type Data = Uint8Array | null;

/** L1 traversal and retrieval: walks the L1 block by block and yields the batcher's data in each. */
export class L1Source {
  readonly #config: RollupConfig;
  #origin: L1BlockRef;
  #systemConfig: SystemConfig;
  #awaited: "first" | "next" | null = "first";
  #data: Data[] = [];
  #blobs: BlobReference[] = [];

  constructor(config: RollupConfig, start: PipelineStart) {
    this.#config = config;
    this.#origin = start.origin;
    this.#systemConfig = start.systemConfig;
  }

  get origin(): L1BlockRef {
    return this.#origin;
  }

  /** Which L1 block is waited for, if any. */
  get awaited(): { readonly number: number; readonly hash: Hex | null; readonly parentHash: Hex | null } | null {
    if (this.#awaited === "first") return { number: this.#origin.number, hash: this.#origin.hash, parentHash: null };
    if (this.#awaited === "next") return { number: this.#origin.number + 1, hash: null, parentHash: this.#origin.hash };
    return null;
  }

  get missingBlobs(): readonly BlobReference[] {
    return this.#blobs;
  }

  /** Ends the work on the present block. */
  advance(): void {
    this.#awaited = "next";
  }

  /** Goes to the awaited block; returns its announced changes of the system config. */
  enter(block: L1Block): ConfigUpdate[] {
    const { awaited } = this;
    if (awaited === null)
      throw new ProtocolError("PIPELINE_MISUSE", "no L1 block is awaited", { number: block.number });
    const continues =
      block.number === awaited.number &&
      (awaited.hash === null || awaited.hash === block.hash) &&
      (awaited.parentHash === null || awaited.parentHash === block.parentHash);
    if (!continues) {
      throw new ProtocolError("L1_REORG", `L1 block ${block.number} does not continue block ${this.#origin.number}`, {
        number: block.number,
        hash: block.hash,
        parentHash: block.parentHash,
        origin: this.#origin.hash,
      });
    }
    const updates = configUpdates(this.#config, block.receipts);
    // The config at the start is that of an L2 block of this epoch already.
    if (this.#awaited === "next") {
      for (const update of updates) {
        this.#systemConfig = applyConfigUpdate(this.#config, this.#systemConfig, update, block.timestamp);
      }
    }
    const { hash, number, parentHash, timestamp } = block;
    this.#origin = { hash, number, parentHash, timestamp };
    this.#awaited = null;
    this.#retrieve(block);
    return updates;
  }

  /** Fills in the blobs that are missing, in their order. Those that are not of the stack's encoding count for nothing. */
  provideBlobs(blobs: readonly Uint8Array[]): void {
    if (blobs.length !== this.#blobs.length) {
      throw new ProtocolError("PIPELINE_MISUSE", "another number of blobs than asked for", { count: blobs.length });
    }
    let next = 0;
    const filled: Data[] = [];
    for (const data of this.#data) {
      if (data !== null) filled.push(data);
      else {
        const content = contentOf(blobs[next++] as Uint8Array);
        if (content !== null) filled.push(content);
      }
    }
    this.#blobs = [];
    this.#data = filled.reverse();
  }

  /** The next piece of batcher data of the present block. */
  next(): Uint8Array | "eof" {
    return this.#data.pop() ?? "eof";
  }

  #retrieve(block: L1Block): void {
    const withBlobs = derivationParameters(this.#config, block.timestamp).blobs;
    const data: Data[] = [];
    this.#blobs = [];
    let blobIndex = 0;
    for (const transaction of block.transactions) {
      const hashes = transaction.blobVersionedHashes;
      if (this.#isBatcherTransaction(transaction)) {
        if (!withBlobs || transaction.type !== BLOB_TRANSACTION) data.push(hexToBytes(transaction.input));
        else {
          for (const [i, versionedHash] of hashes.entries()) {
            data.push(null);
            this.#blobs.push({ index: blobIndex + i, versionedHash });
          }
        }
      }
      blobIndex += hashes.length;
    }
    // Taken from the end.
    this.#data = this.#blobs.length === 0 ? data.reverse() : data;
  }

  #isBatcherTransaction(transaction: L1Transaction): boolean {
    return (
      transaction.to === this.#config.batchInboxAddress &&
      transaction.from === this.#systemConfig.batcherAddress &&
      BATCHER_TRANSACTION_TYPES.includes(transaction.type)
    );
  }
}

function contentOf(blob: Uint8Array): Uint8Array | null {
  try {
    return decodeBlob(blob);
  } catch (error) {
    if (isProtocolError(error)) return null;
    throw error;
  }
}
