import { randomUUID } from "node:crypto";
import type { Logger } from "@altlayer/rollup";
import { problemOf, RaasError } from "./errors.ts";
import type { Database } from "./store/database.ts";
import type { Lease } from "./store/lease.ts";
import { releaseLease, takeLease } from "./store/lease.ts";

export interface LeaseKeeperOptions {
  readonly name: string;
  readonly ttlMs: number;
  readonly nowMs: () => number;
  /** The holder before is known to be dead. */
  readonly steal: boolean;
}

/** Takes the lease as soon as it is free, and keeps it. */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #db: Database;
  readonly #log: Logger;
  readonly #holder = randomUUID();
  readonly #onTaken: () => void;
  readonly #onLost: () => void;
  #lease: Lease | null = null;
  #validUntil = 0;
  #timer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> = Promise.resolve();

  constructor(
    options: LeaseKeeperOptions,
    dependencies: {
      readonly db: Database;
      readonly log: Logger;
      readonly onTaken: () => void;
      /** What runs for us must stop: another may begin. */
      readonly onLost: () => void;
    },
  ) {
    this.#options = options;
    this.#db = dependencies.db;
    this.#log = dependencies.log;
    this.#onTaken = dependencies.onTaken;
    this.#onLost = dependencies.onLost;
  }

  /** @throws RaasError `LEASE_LOST` when it is not ours, or could be another's by now */
  get lease(): Lease {
    if (this.#lease !== null && this.#options.nowMs() < this.#validUntil) return this.#lease;
    throw new RaasError("LEASE_LOST", "this control plane does not hold the lease");
  }

  get held(): boolean {
    return this.#lease !== null && this.#options.nowMs() < this.#validUntil;
  }

  async start(): Promise<void> {
    await this.#renew(this.#options.steal);
    this.#timer = setInterval(() => {
      this.#renewing = this.#renewing.then(() => this.#renew(false));
    }, this.#options.ttlMs / 4);
    this.#timer.unref();
  }

  /** Gives the lease back, so that another need not wait for its end. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#renewing;
    if (this.#lease !== null) await releaseLease(this.#db, this.#lease);
    this.#lease = null;
  }

  async #renew(steal: boolean): Promise<void> {
    const { name, ttlMs, nowMs } = this.#options;
    const before = this.#lease;
    const askedAt = nowMs();
    try {
      const lease = await takeLease(this.#db, { name, holder: this.#holder, ttlMs, nowMs: askedAt, steal });
      this.#lease = lease;
      if (lease !== null) this.#validUntil = askedAt + ttlMs;
      // A raised token says that the lease ran out in between, and may have been another's.
      const lost = before !== null && (lease === null || lease.token !== before.token);
      if (lost) this.#onLost();
      if (lease !== null && (before === null || lost)) this.#onTaken();
    } catch (error) {
      this.#log.warn("cannot renew the lease", { error: problemOf(error).message });
      if (before !== null && nowMs() >= this.#validUntil) {
        this.#lease = null;
        this.#onLost();
      }
    }
  }
}
