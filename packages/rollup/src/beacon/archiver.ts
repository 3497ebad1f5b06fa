import type { Hex } from "@altlayer/engine";
import type { Clock } from "../clock.ts";
import { describeError, RollupError } from "../errors.ts";
import type { BlobSource } from "../l1/blob-source.ts";
import type { Kzg } from "../l1/kzg.ts";
import { versionedHash } from "../l1/kzg.ts";
import type { L1Reader } from "../l1/l1-client.ts";
import type { L1Header } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";
import type { ArchivedBlob, BlobArchive } from "./blob-archive.ts";

export interface ArchiverOptions {
  readonly pollMs: number;
  /** The first L1 block to look at where the archive is empty. */
  readonly startBlock: number;
  /** Blocks below the head that are looked at again, since a reorg may have replaced them. */
  readonly reorgBlocks: number;
}

/** A genesis carries no transactions; and anvil, started from a state that was kept, names another one than block 1 stands on. */
const FIRST_BLOCK = 1;

/** Follows the L1 and puts the blobs of every block into the archive. */
export class Archiver {
  readonly #options: ArchiverOptions;
  readonly #l1: L1Reader;
  readonly #blobs: BlobSource;
  readonly #archive: BlobArchive;
  readonly #kzg: Kzg;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  /** Hash of each recent height as it was looked at: blocks that stand on each other. */
  readonly #seen = new Map<number, Hex>();
  #running: Promise<void> | null = null;
  #busy: Promise<void> | null = null;

  constructor(
    options: ArchiverOptions,
    dependencies: {
      readonly l1: L1Reader;
      readonly blobs: BlobSource;
      readonly archive: BlobArchive;
      readonly kzg: Kzg;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#options = options;
    this.#l1 = dependencies.l1;
    this.#blobs = dependencies.blobs;
    this.#archive = dependencies.archive;
    this.#kzg = dependencies.kzg;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#busy?.catch(() => {});
  }

  /** Archives up to the L1's head. Concurrent calls share one pass. */
  catchUp(): Promise<void> {
    this.#busy ??= this.#pass().finally(() => {
      this.#busy = null;
    });
    return this.#busy;
  }

  /** @throws RollupError `L1_LIED` when a second look finds blocks that do not stand on each other, too */
  async #pass(isSecond = false): Promise<void> {
    const latest = await this.#l1.headerByTag("latest");
    if (!latest) return;
    for (let number = await this.#firstUnseen(latest); number <= latest.number; number++) {
      if (this.#closing.signal.aborted) return;
      const header = number === latest.number ? latest : await this.#l1.headerByNumber(number);
      if (!header) return;
      const before = this.#seen.get(number - 1);
      if (before !== undefined && before !== header.parentHash) {
        // Another branch came meanwhile.
        this.#seen.clear();
        if (!isSecond) return await this.#pass(true);
        throw new RollupError("L1_LIED", `L1 block ${number} does not stand on the block that the L1 names below it`, {
          severity: "temporary",
          data: { number, parentHash: header.parentHash, below: before },
        });
      }
      if (this.#seen.get(number) !== header.hash) {
        await this.#archiveBlock(header);
        this.#seen.set(number, header.hash);
        this.#seen.delete(number - 2 * this.#options.reorgBlocks);
      }
      if (number > (this.#archive.cursor ?? -1)) await this.#archive.advance(number);
    }
  }

  /** Where to begin: a block that was seen needs no second look, nor does what it stands on. */
  async #firstUnseen(latest: L1Header): Promise<number> {
    const { startBlock, reorgBlocks } = this.#options;
    const cursor = this.#archive.cursor;
    const next = cursor === null ? startBlock : cursor + 1;
    const first = next < latest.number ? await this.#l1.headerByNumber(next) : latest;
    if (first && this.#seen.get(first.number) === first.hash) return first.number + 1;
    if (first && this.#seen.get(first.number - 1) === first.parentHash) return first.number;
    // Another branch, or the first look: what is seen is always of one.
    this.#seen.clear();
    // A development L1 that began anew may be shorter than the archive.
    const from = Math.min(next, latest.number + 1) - reorgBlocks;
    return Math.max(FIRST_BLOCK, from, Math.min(startBlock, next));
  }

  async #archiveBlock(header: L1Header): Promise<void> {
    if (!header.blobGasUsed || this.#archive.has(header)) return;
    const transactions = await this.#l1.transactions(header.hash);
    const versionedHashes = transactions.flatMap((tx) => tx.blobVersionedHashes ?? []);
    const { number, hash, parentHash, timestamp } = header;
    const archived: ArchivedBlob[] = [];
    for (const blob of await this.#blobs.blobs({ number, timestamp }, versionedHashes)) {
      const commitment = await this.#kzg.commit(blob);
      const proof = await this.#kzg.prove(blob, commitment);
      archived.push({ versionedHash: versionedHash(commitment), commitment, proof, blob });
    }
    await this.#archive.put({ number, hash, parentHash, timestamp, versionedHashes }, archived);
    this.#log.debug("blobs archived", { number, blobs: archived.length });
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      try {
        await this.catchUp();
        failures = 0;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (failures++ % 100 === 0) this.#log.warn("cannot archive blobs", { error: describeError(error) });
      }
      await this.#clock.sleep(this.#options.pollMs, this.#closing.signal).catch(() => {});
    }
  }
}
