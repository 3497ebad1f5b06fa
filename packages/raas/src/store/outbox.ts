import { keccak256 } from "@altlayer/engine";
import { bytesToHex, hexToBytes } from "viem";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Database } from "./database.ts";
import { isUniqueViolation } from "./database.ts";
import type { Lease } from "./lease.ts";
import { fenced } from "./lease.ts";

export interface SignedTransaction {
  readonly networkId: string;
  readonly sender: Hex;
  readonly nonce: number;
  readonly raw: Hex;
  readonly rollupId: string;
}

/** One signature of a deed: the first, or one for higher fees. */
export interface Attempt {
  readonly hash: Hex;
  readonly raw: Hex;
}

export type Slot = Pick<SignedTransaction, "networkId" | "sender" | "nonce">;

interface Waiting {
  readonly transaction: SignedTransaction;
  readonly resolve: (attempts: readonly Attempt[]) => void;
  readonly reject: (error: unknown) => void;
}

const BATCH_MAX = 200;

/**
 * Signed L1 transactions, stored before they are sent. For one sender and nonce there is one deed for ever: who signs a
 * second one after a crash gets the first back, and sends that. Only its fees may rise, by a replacement: of all its
 * attempts the chain takes one at most.
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

  /**
   * Those of one burst are stored by one commit.
   * @returns all attempts at this deed, the newest last: the one to send.
   * @throws RaasError `LEASE_LOST`
   */
  store(transaction: SignedTransaction): Promise<readonly Attempt[]> {
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
      hash: hashOf(raw),
      raw,
      rollup_id: rollupId,
      created_at,
    }));
    try {
      const stored = await fenced(this.#db, this.#lease(), (db) =>
        db
          .insertInto("outbox")
          .values(rows)
          .onConflict((conflict) => conflict.columns(["network_id", "sender", "nonce"]).doNothing())
          .returning("hash")
          .execute(),
      );
      const fresh = new Set(stored.map(({ hash }) => hash));
      for (const [i, { transaction, resolve, reject }] of batch.entries()) {
        const hash = rows[i]!.hash;
        if (fresh.has(hash)) resolve([{ hash, raw: transaction.raw }]);
        else this.attempts(transaction).then(resolve, reject);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /**
   * Stores the same deed for higher fees, after so many attempts.
   * @throws RaasError `LEASE_LOST`, `CONFLICT` when there are more attempts by now
   */
  async replace({ networkId, sender, nonce }: Slot, raw: Hex, attempts: number): Promise<Attempt> {
    const hash = hashOf(raw);
    const created_at = this.#now();
    try {
      await fenced(this.#db, this.#lease(), (db) =>
        db
          .insertInto("outbox_replacements")
          .values({ network_id: networkId, sender, nonce, attempt: attempts, hash, raw, created_at })
          .execute(),
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new RaasError("CONFLICT", `nonce ${nonce} of ${sender} has been replaced already`, { cause: error });
    }
    return { hash, raw };
  }

  /** The oldest first; none for a nonce that was never used by us. */
  async attempts({ networkId, sender, nonce }: Slot): Promise<readonly Attempt[]> {
    const of = (table: "outbox" | "outbox_replacements") =>
      this.#db
        .selectFrom(table)
        .select(["hash", "raw"])
        .where("network_id", "=", networkId)
        .where("sender", "=", sender)
        .where("nonce", "=", nonce);
    const first = await of("outbox").execute();
    const later = await of("outbox_replacements").orderBy("attempt").execute();
    return [...first, ...later].map(({ hash, raw }) => ({ hash: hash as Hex, raw: raw as Hex }));
  }
}

function hashOf(raw: Hex): Hex {
  return bytesToHex(keccak256(hexToBytes(raw)));
}
