import { join } from "node:path";
import type { SnapshotInfo } from "@altlayer/engine";
import { type DerivedAttributes, type Keccak256, outputRoot } from "@altlayer/protocol";
import { keccak256 } from "viem/utils";
import { z } from "zod";
import { readIfThere, writeDurably } from "../durable-file.ts";
import { RollupError } from "../errors.ts";
import { hash } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

const keccakBytes: Keccak256 = (bytes) => keccak256(bytes, "bytes");

const recordSchema = z.object({
  number: z.number().int(),
  hash,
  outputRoot: hash,
  /** By what the block was found to be the chain's: null until then. */
  confirmedBy: z.enum(["operator", "dispute-game", "batches"]).nullable(),
});
type SnapshotRecord = z.output<typeof recordSchema>;
export type ConfirmedBy = NonNullable<SnapshotRecord["confirmedBy"]>;

/**
 * Whether the L1 has confirmed the block that this node began from. A snapshot proves itself to be consistent; that its
 * block is the chain's, the L1 must say:
 *
 * - the operator named the block's hash, or
 * - a dispute game claims its output root, or
 * - the batches that follow on the L1 build on it: a batch commits to its parent's hash.
 *
 * Until then the node derives, but is not ready. Where no batch on the L1 builds on the block (those
 * of the real chain are void here, since their parent is another block), derivation stops.
 */
export class SnapshotConfirmation {
  readonly #path: string;
  readonly #log: Logger;
  #record: SnapshotRecord;
  /** The last block derived ended its batch: the next batch commits to its hash, and by it to all blocks below. */
  #batchEnded = false;

  private constructor(path: string, record: SnapshotRecord, log: Logger) {
    this.#path = path;
    this.#record = record;
    this.#log = log;
  }

  /**
   * Of a node that began from a snapshot, now or earlier; null for all others.
   * @throws RollupError `SNAPSHOT_RECORD`, critical, for a record that is there and cannot be read: without it an
   *   unconfirmed snapshot would pass for a chain from genesis
   */
  static async open(directory: string, { log }: { readonly log: Logger }): Promise<SnapshotConfirmation | null> {
    const path = pathIn(directory);
    try {
      const bytes = await readIfThere(path);
      return bytes && new SnapshotConfirmation(path, recordSchema.parse(JSON.parse(bytes.toString("utf8"))), log);
    } catch (cause) {
      const message = `${path}, which says whether the L1 has confirmed this chain, cannot be read: restore it, or remove the data directory and begin again`;
      throw new RollupError("SNAPSHOT_RECORD", message, { severity: "critical", data: { path }, cause });
    }
  }

  static async begin(directory: string, { block, stateRoot, messagePasserRoot }: SnapshotInfo): Promise<void> {
    const { number, hash: blockHash } = block;
    const root = outputRoot({ stateRoot, messagePasserStorageRoot: messagePasserRoot, blockHash }, keccakBytes);
    const record: SnapshotRecord = { number, hash: blockHash, outputRoot: root, confirmedBy: null };
    await writeDurably(pathIn(directory), `${JSON.stringify(record)}\n`);
  }

  get number(): number {
    return this.#record.number;
  }

  get hash(): SnapshotRecord["hash"] {
    return this.#record.hash;
  }

  get outputRoot(): SnapshotRecord["outputRoot"] {
    return this.#record.outputRoot;
  }

  get confirmedBy(): ConfirmedBy | null {
    return this.#record.confirmedBy;
  }

  /** @throws RollupError `SNAPSHOT_REFUTED`, critical */
  requireHash(expected: string): void {
    if (expected === this.hash) return;
    throw new RollupError(
      "SNAPSHOT_REFUTED",
      `this node began from a snapshot of block ${this.number} ${this.hash}, but snapshot.blockHash is ${expected}: remove the data directory and take another snapshot`,
      { severity: "critical", data: { number: this.number, hash: this.hash, expected } },
    );
  }

  async confirm(confirmedBy: ConfirmedBy): Promise<void> {
    this.#record = { ...this.#record, confirmedBy };
    await writeDurably(this.#path, `${JSON.stringify(this.#record)}\n`);
    this.#log.info("snapshot confirmed by the L1", { number: this.number, hash: this.hash, confirmedBy });
  }

  /**
   * Looks at what derivation makes of the L1's data, before it is applied.
   * @throws RollupError `SNAPSHOT_REFUTED`, critical
   */
  async judge(derived: DerivedAttributes): Promise<void> {
    if (this.confirmedBy !== null || derived.parent.number < this.number) return;
    if (derived.batchMissing) {
      throw new RollupError(
        "SNAPSHOT_REFUTED",
        `the L1's data does not build on block ${this.number} (${this.hash}) of the snapshot that this node began from: remove the data directory and take another snapshot, or, if the chain missed its sequencing window there, name the block's hash (snapshot.blockHash)`,
        { severity: "critical", data: { number: this.number, hash: this.hash } },
      );
    }
    // The first batch after the snapshot may reach back before it, and then commits to an older block only.
    if (this.#batchEnded) await this.confirm("batches");
    this.#batchEnded = derived.isLastInSpan;
  }
}

function pathIn(directory: string): string {
  return join(directory, "snapshot.json");
}
