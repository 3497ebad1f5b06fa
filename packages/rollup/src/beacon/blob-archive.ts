import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "@altlayer/engine";
import { concatBytes } from "viem/utils";
import { z } from "zod";
import { readIfThere, writeDurably } from "../durable-file.ts";
import { BLOB_BYTES } from "../l1/kzg.ts";
import { Lru } from "../l1/lru.ts";
import { hash } from "../l1/schemas.ts";

export interface ArchivedBlob {
  readonly versionedHash: Hex;
  readonly commitment: Uint8Array;
  readonly proof: Uint8Array;
  readonly blob: Uint8Array;
}

const blockSchema = z.object({
  number: z.number().int().nonnegative(),
  hash,
  parentHash: hash,
  timestamp: z.number().int().nonnegative(),
  versionedHashes: z.array(hash),
});
/** An L1 block with blobs, in the order of its transactions. */
export type ArchivedBlock = z.output<typeof blockSchema>;

const POINT_BYTES = 48;

/**
 * Blobs on disk, one file each under its versioned hash, and one small file for each L1 block that carried some. An
 * L1 forgets blobs after some eighteen days, a development L1 with its process: a chain that is to be derived later
 * needs them kept.
 */
export class BlobArchive {
  readonly #directory: string;
  readonly #blocks = new Map<number, ArchivedBlock[]>();
  readonly #recent = new Lru<Hex, ArchivedBlob>({ maxWeight: 64 });
  #cursor: number | null = null;

  constructor(options: { readonly directory: string }) {
    this.#directory = options.directory;
  }

  async open(): Promise<void> {
    await mkdir(join(this.#directory, "blocks"), { recursive: true });
    await mkdir(join(this.#directory, "blobs"), { recursive: true });
    for (const name of (await readdir(join(this.#directory, "blocks"))).sort()) {
      if (!name.endsWith(".json")) continue;
      this.#remember(blockSchema.parse(JSON.parse(await readFile(join(this.#directory, "blocks", name), "utf8"))));
    }
    // One that is no number is as good as none: all is looked at again.
    const cursor = (await readIfThere(join(this.#directory, "cursor")))?.toString("utf8") ?? "";
    this.#cursor = /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;
  }

  /** The last L1 block that was looked at, or `null` before the first. */
  get cursor(): number | null {
    return this.#cursor;
  }

  async advance(number: number): Promise<void> {
    await writeDurably(join(this.#directory, "cursor"), String(number));
    this.#cursor = number;
  }

  has(block: { readonly number: number; readonly hash: Hex }): boolean {
    return this.#blocks.get(block.number)?.some((known) => known.hash === block.hash) ?? false;
  }

  async put(block: ArchivedBlock, blobs: readonly ArchivedBlob[]): Promise<void> {
    for (const blob of blobs) {
      await writeDurably(this.#blobPath(blob.versionedHash), concatBytes([blob.commitment, blob.proof, blob.blob]));
      this.#recent.set(blob.versionedHash, blob);
    }
    // The block's file comes last: where it stands, all of its blobs stand.
    await writeDurably(join(this.#directory, "blocks", `${block.number}-${block.hash}.json`), JSON.stringify(block));
    this.#remember(block);
  }

  /** Archived blocks for which the predicate holds; several at one height after a reorg, the newest last. */
  blocks(matches: (block: ArchivedBlock) => boolean): ArchivedBlock[] {
    return [...this.#blocks.values()].flat().filter(matches);
  }

  async blob(versionedHash: Hex): Promise<ArchivedBlob | null> {
    const recent = this.#recent.get(versionedHash);
    if (recent) return recent;
    const bytes = await readIfThere(this.#blobPath(versionedHash));
    if (bytes?.length !== 2 * POINT_BYTES + BLOB_BYTES) return null;
    const found: ArchivedBlob = {
      versionedHash,
      commitment: bytes.subarray(0, POINT_BYTES),
      proof: bytes.subarray(POINT_BYTES, 2 * POINT_BYTES),
      blob: bytes.subarray(2 * POINT_BYTES),
    };
    this.#recent.set(versionedHash, found);
    return found;
  }

  #remember(block: ArchivedBlock): void {
    const known = this.#blocks.get(block.number) ?? [];
    this.#blocks.set(block.number, [...known.filter((other) => other.hash !== block.hash), block]);
  }

  #blobPath(versionedHash: Hex): string {
    return join(this.#directory, "blobs", versionedHash);
  }
}
