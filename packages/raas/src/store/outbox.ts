import { keccak256 } from "viem";
import type { Hex } from "../spec/primitives.ts";
import type { Database } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";

export interface SignedTransaction {
  readonly networkId: string;
  readonly sender: Hex;
  readonly nonce: number;
  readonly raw: Hex;
  readonly rollupId: string;
}

export interface StoredTransaction {
  readonly hash: Hex;
  readonly raw: Hex;
}

interface Waiting {
  readonly transaction: SignedTransaction;
  readonly resolve: (stored: StoredTransaction) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_MAX = 200;

/**
 * Signed L1 transactions, stored before they are sent. For one sender and nonce there is one transaction for ever: who
 * signs a second one after a crash gets the first back, and sends that.
 */
export class Outbox {
  readonly #db: Database;
  readonly #now: () => number;
  readonly #lease: () => Lease;
  #waiting: Waiting[] = [];

  constructor(
    options: { readonly nowMs: () => number },
    dependencies: { readonly db: Database; readonly lease: () => Lease },
  ) {
    this.#now = options.nowMs;
    this.#db = dependencies.db;
    this.#lease = dependencies.lease;
  }

  /** Those of one burst are stored by one commit. @throws RaasError `LEASE_LOST` */
  store(transaction: SignedTransaction): Promise<StoredTransaction> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ transaction, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.splice(0, BATCH_MAX);
    if (this.#waiting.length > 0) setImmediate(() => void this.#flush());
    const created_at = this.#now();
    const rows = batch.map(({ transaction: { networkId, sender, nonce, raw, rollupId } }) => ({
      network_id: networkId,
      sender,
      nonce,
      hash: keccak256(raw),
      raw,
      rollup_id: rollupId,
      created_at,
    }));
    try {
      await fenced(this.#db, this.#lease(), (db) =>
        db
          .insertInto("outbox")
          .values(rows)
          .onConflict((conflict) => conflict.columns(["network_id", "sender", "nonce"]).doNothing())
          .execute(),
      );
      for (const { transaction, resolve } of batch) resolve(await this.#stored(transaction));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #stored({ networkId, sender, nonce }: SignedTransaction): Promise<StoredTransaction> {
    const row = await this.#db
      .selectFrom("outbox")
      .select(["hash", "raw"])
      .where("network_id", "=", networkId)
      .where("sender", "=", sender)
      .where("nonce", "=", nonce)
      .executeTakeFirstOrThrow();
    return { hash: row.hash as Hex, raw: row.raw as Hex };
  }
}
