import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Hex } from "@altlayer/engine";
import { bytesToHex } from "viem/utils";
import { describeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Archiver } from "./archiver.ts";
import type { ArchivedBlob, ArchivedBlock, BlobArchive } from "./blob-archive.ts";

export interface BeaconFacadeOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** L1 time of slot 0, in seconds. */
  readonly genesisTime: number;
  readonly secondsPerSlot: number;
}

const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;
const VERSION = "altlayer/beacon-facade";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The part of the beacon node API that rollup nodes ask for blobs, served from the archive: stock op-node included.
 * There is no beacon chain behind it, so the signed header and the inclusion proof of a sidecar are zero; what is
 * checked by those who derive (commitment against versioned hash, blob against proof) is real.
 */
export class BeaconFacade {
  readonly #options: BeaconFacadeOptions;
  readonly #archive: BlobArchive;
  readonly #archiver: Archiver | null;
  readonly #log: Logger;
  readonly #server: Server;

  constructor(
    options: BeaconFacadeOptions,
    dependencies: { readonly archive: BlobArchive; readonly archiver: Archiver | null; readonly log: Logger },
  ) {
    this.#options = options;
    this.#archive = dependencies.archive;
    this.#archiver = dependencies.archiver;
    this.#log = dependencies.log;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, this.#options.host, resolve);
    });
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer =
        request.method === "GET"
          ? await this.#route(new URL(request.url ?? "/", "http://facade"))
          : failure(405, "only GET");
    } catch (error) {
      this.#log.warn("beacon request failed", { error: describeError(error) });
      answer = failure(500, "internal error");
    }
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(JSON.stringify(answer.body));
  }

  async #route(url: URL): Promise<Answer> {
    switch (url.pathname) {
      case "/eth/v1/node/version":
        return { status: 200, body: { data: { version: VERSION } } };
      case "/eth/v1/node/health":
        return { status: 200, body: {} };
      case "/eth/v1/beacon/genesis":
        return {
          status: 200,
          body: {
            data: {
              genesis_time: String(this.#options.genesisTime),
              genesis_validators_root: ZERO_HASH,
              genesis_fork_version: "0x00000000",
            },
          },
        };
      case "/eth/v1/config/spec":
        return { status: 200, body: { data: { SECONDS_PER_SLOT: String(this.#options.secondsPerSlot) } } };
    }
    const blobs = /^\/eth\/v1\/beacon\/(blob_sidecars|blobs)\/([0-9a-zA-Z]{1,66})$/.exec(url.pathname);
    if (!blobs) return failure(404, "not served here");
    const block = await this.#find(blobs[2] ?? "");
    if (block === null) return failure(404, "no blobs known at that slot");
    return blobs[1] === "blobs" ? await this.#blobs(block, url) : await this.#sidecars(block, url);
  }

  /** A block by slot or by execution block hash. A slot that nothing was archived for may be new: look at the L1. */
  async #find(id: string): Promise<ArchivedBlock | "empty" | null> {
    const matches = /^0x[0-9a-fA-F]{64}$/.test(id)
      ? (block: ArchivedBlock) => block.hash === id.toLowerCase()
      : /^\d{1,15}$/.test(id)
        ? (block: ArchivedBlock) => this.#slot(block) === Number(id)
        : null;
    if (!matches) return null;
    const known = this.#archive.blocks(matches).at(-1);
    if (known) return known;
    await this.#archiver?.catchUp();
    return this.#archive.blocks(matches).at(-1) ?? "empty";
  }

  #slot(block: ArchivedBlock): number {
    return Math.floor((block.timestamp - this.#options.genesisTime) / this.#options.secondsPerSlot);
  }

  async #blobs(block: ArchivedBlock | "empty", url: URL): Promise<Answer> {
    const wanted = url.searchParams.getAll("versioned_hashes").flatMap((value) => value.toLowerCase().split(","));
    // By hash, any archived blob is found, also that of an orphaned block in the same slot.
    const hashes = wanted.length > 0 ? (wanted as Hex[]) : block === "empty" ? [] : block.versionedHashes;
    const data: Hex[] = [];
    for (const hash of hashes) {
      const found = /^0x[0-9a-f]{64}$/.test(hash) ? await this.#archive.blob(hash) : null;
      if (found) data.push(bytesToHex(found.blob));
    }
    return { status: 200, body: { execution_optimistic: false, finalized: false, data } };
  }

  async #sidecars(block: ArchivedBlock | "empty", url: URL): Promise<Answer> {
    if (block === "empty") return { status: 200, body: { data: [] } };
    const indices = url.searchParams.getAll("indices").flatMap((value) => value.split(",").map(Number));
    const data: unknown[] = [];
    for (const [index, versionedHash] of block.versionedHashes.entries()) {
      if (indices.length > 0 && !indices.includes(index)) continue;
      const found = await this.#archive.blob(versionedHash);
      if (found) data.push(this.#sidecar(block, index, found));
    }
    return { status: 200, body: { data } };
  }

  #sidecar(block: ArchivedBlock, index: number, found: ArchivedBlob): unknown {
    return {
      index: String(index),
      blob: bytesToHex(found.blob),
      kzg_commitment: bytesToHex(found.commitment),
      kzg_proof: bytesToHex(found.proof),
      signed_block_header: {
        message: {
          slot: String(this.#slot(block)),
          proposer_index: "0",
          parent_root: ZERO_HASH,
          state_root: ZERO_HASH,
          body_root: ZERO_HASH,
        },
        signature: `0x${"00".repeat(96)}`,
      },
      kzg_commitment_inclusion_proof: Array.from({ length: 17 }, () => ZERO_HASH),
    };
  }
}

function failure(status: number, message: string): Answer {
  return { status, body: { code: status, message } };
}
