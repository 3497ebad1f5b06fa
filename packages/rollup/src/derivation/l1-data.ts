import type { Hex } from "@altlayer/engine";
import type { L1Block, L1Header, L1Receipt, L1Transaction, RollupConfig } from "@altlayer/protocol";
import { BLOB_BASE_FEE_UPDATE_FRACTION, blobBaseFee } from "@altlayer/protocol";
import type { L1Reader } from "../l1/l1-client.ts";
import type { L1Header as RpcHeader } from "../l1/schemas.ts";
import { recoverSender } from "../l1/sender.ts";

/** From `timestamp` on, the L1 computes its blob base fee with this fraction. */
export interface BlobScheduleEntry {
  readonly timestamp: number;
  readonly updateFraction: bigint;
}

export interface L1DataOptions {
  readonly rollup: RollupConfig;
  /** Needed for an L1 beyond Prague's schedule (blob-parameter-only forks); empty: Cancun's or Prague's, as seen by the header. */
  readonly blobSchedule: readonly BlobScheduleEntry[];
}

const ZERO_ADDRESS: Hex = "0x0000000000000000000000000000000000000000";

/** Brings the L1's blocks into the shape that derivation and sequencing read. */
export class L1Data {
  readonly #options: L1DataOptions;
  readonly #l1: L1Reader;

  constructor(options: L1DataOptions, dependencies: { readonly l1: L1Reader }) {
    this.#options = options;
    this.#l1 = dependencies.l1;
  }

  header(header: RpcHeader): L1Header {
    const { hash, number, parentHash, timestamp, mixHash } = header;
    return {
      hash,
      number,
      parentHash,
      timestamp,
      prevRandao: mixHash,
      baseFeePerGas: header.baseFeePerGas ?? 0n,
      blobBaseFee:
        header.excessBlobGas === undefined ? 1n : blobBaseFee(header.excessBlobGas, this.#updateFraction(header)),
      ...(header.parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot: header.parentBeaconBlockRoot }),
    };
  }

  /** Header and receipts: what a sequencer needs of an L1 origin. */
  async withReceipts(header: RpcHeader): Promise<L1Header & { readonly receipts: readonly L1Receipt[] }> {
    const receipts = await this.#l1.receipts(header.hash);
    return {
      ...this.header(header),
      // Before Byzantium a receipt held a root instead; those blocks carry no deposits.
      receipts: receipts.map(({ status, logs }) => ({ success: status === 1, logs })),
    };
  }

  /** All of a block that derivation reads. Senders are recovered only where they matter: of what went to the inbox. */
  async block(header: RpcHeader): Promise<L1Block> {
    const [base, transactions] = await Promise.all([this.withReceipts(header), this.#l1.transactions(header.hash)]);
    const inbox = this.#options.rollup.batchInboxAddress;
    const kept: L1Transaction[] = [];
    for (const tx of transactions) {
      const blobVersionedHashes = tx.blobVersionedHashes ?? [];
      const toInbox = tx.to === inbox;
      if (!toInbox && blobVersionedHashes.length === 0) continue;
      const from = toInbox ? (recoverSender(tx) ?? ZERO_ADDRESS) : ZERO_ADDRESS;
      kept.push({ type: tx.type, from, to: tx.to, input: tx.input, blobVersionedHashes });
    }
    return { ...base, transactions: kept };
  }

  #updateFraction(header: RpcHeader): bigint {
    const entry = this.#options.blobSchedule.findLast(({ timestamp }) => header.timestamp >= timestamp);
    if (entry) return entry.updateFraction;
    // Prague gave the header `requestsHash` and blobs another fraction (EIP-7685, EIP-7691). A chain that missed the
    // change computes by Cancun's until `pectra_blob_schedule_time`.
    const late = this.#options.rollup.pectraBlobScheduleTime;
    const prague = header.requestsHash !== undefined && (late === undefined || header.timestamp >= late);
    return prague ? BLOB_BASE_FEE_UPDATE_FRACTION.prague : BLOB_BASE_FEE_UPDATE_FRACTION.cancun;
  }
}
