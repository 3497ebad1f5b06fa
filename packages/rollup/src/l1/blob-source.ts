import type { Hex } from "@altlayer/engine";
import { hexToBytes } from "viem/utils";
import type { BeaconApi } from "../beacon/beacon-api.ts";
import { RollupError } from "../errors.ts";
import type { Kzg } from "./kzg.ts";
import { BLOB_BYTES, versionedHash } from "./kzg.ts";

export interface BlobBlock {
  readonly number: number;
  readonly timestamp: number;
}

export interface BlobSource {
  /** The blobs with these versioned hashes, in this order. Errors: `BLOB_NOT_FOUND`, `BLOB_INVALID`, `BEACON_UNREACHABLE`. */
  blobs(block: BlobBlock, versionedHashes: readonly Hex[]): Promise<readonly Uint8Array[]>;
}

/** How a block is named to the server: by slot, as beacon nodes do, or by block number, as anvil does. */
export type BlobAddressing = "slot" | "block-number";

/**
 * Blobs from a beacon node, believed only when their commitment hashes to the versioned hash that the L1 transaction
 * names (derivation.md, "Blob retrieval"). Answers of several servers are tried in turn.
 */
export class BeaconBlobSource implements BlobSource {
  readonly #addressing: BlobAddressing;
  readonly #servers: readonly BeaconApi[];
  readonly #kzg: Kzg;
  #slots: { readonly genesisTime: number; readonly secondsPerSlot: number } | null = null;

  constructor(
    options: { readonly addressing: BlobAddressing },
    dependencies: { readonly servers: readonly BeaconApi[]; readonly kzg: Kzg },
  ) {
    this.#addressing = options.addressing;
    this.#servers = dependencies.servers;
    this.#kzg = dependencies.kzg;
  }

  async blobs(block: BlobBlock, versionedHashes: readonly Hex[]): Promise<readonly Uint8Array[]> {
    const found = new Map<Hex, Uint8Array>();
    let failure: unknown = null;
    const missing = () => versionedHashes.filter((wanted) => !found.has(wanted));
    for (const server of this.#servers) {
      if (missing().length === 0) break;
      try {
        const id = await this.#id(block);
        await this.#take(await server.blobs(id, missing()), found);
        // Servers differ in how they read several hashes: the whole block is the other way to ask.
        if (missing().length > 0) await this.#take(await server.blobs(id, []), found);
      } catch (error) {
        failure = error;
      }
    }
    return versionedHashes.map((wanted) => {
      const blob = found.get(wanted);
      if (blob) return blob;
      if (failure) throw failure;
      // Temporary, forever if need be: derivation must not go on without data that the L1 committed to.
      throw new RollupError("BLOB_NOT_FOUND", `no beacon node has blob ${wanted} of L1 block ${block.number}`, {
        severity: "temporary",
        data: { versionedHash: wanted, number: block.number },
      });
    });
  }

  async #take(blobs: readonly Hex[] | null, found: Map<Hex, Uint8Array>): Promise<void> {
    for (const blob of blobs ?? []) {
      const bytes = hexToBytes(blob);
      if (bytes.length === BLOB_BYTES) found.set(versionedHash(await this.#kzg.commit(bytes)), bytes);
    }
  }

  async #id(block: BlobBlock): Promise<string> {
    if (this.#addressing === "block-number") return String(block.number);
    this.#slots ??= await this.#readSlots();
    return String(Math.floor((block.timestamp - this.#slots.genesisTime) / this.#slots.secondsPerSlot));
  }

  async #readSlots() {
    for (const server of this.#servers) {
      const genesisTime = await server.genesisTime();
      const secondsPerSlot = await server.secondsPerSlot();
      if (genesisTime !== null && secondsPerSlot) return { genesisTime, secondsPerSlot };
    }
    throw new RollupError("BEACON_UNREACHABLE", "no beacon node tells its genesis time and slot length", {
      severity: "temporary",
    });
  }
}
