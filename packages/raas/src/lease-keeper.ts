import { randomUUID } from "node:crypto";
import type { Logger } from "@altlayer/rollup";
import { problemOf, RaasError } from "./errors.ts";
import type { Database } from "./store/database.ts";
import type { Lease } from "./store/lease.ts";
import { releaseLease, takeLease } from "./store/lease.ts";

export interface LeaseKeeperOptions {
  readonly name: string;
  readonly ttlMs: number;
  /** Nobody else opens this store: the holder before is dead, and ours needs no end. */
  readonly exclusive: boolean;
  /** Never jumps. */
  readonly monotonicMs?: () => number;
}

export interface LeaseKeeperDependencies {
  readonly db: Database;
  readonly log: Logger;
  /** What begins under the lease. Each is begun again until it has begun, as long as the lease is ours. */
  readonly onTaken: readonly (() => Promise<void>)[];
  /** What runs for us must stop: another may begin soon. What it returns is awaited before the lease is taken again. */
  readonly onLost: () => Promise<void>;
}

/** Renewed so many times in a lifetime. */
const RENEWALS = 5;
const BEGIN_RETRY_MS = 1_000;
/** The last part of the lifetime belongs to what still runs for us: nothing is begun in it, and nodes are ended. */
const MARGIN = 1 / 3;

/**
 * Takes the lease as soon as it is free, and keeps it. It counts on it only until shortly before its end, by a clock that
 * does not jump and from the moment at which the last renewal that succeeded was asked for: a holder whose store does not
 * answer gives up by itself before anybody else may begin.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #dependencies: LeaseKeeperDependencies;
  readonly #monotonicMs: () => number;
  readonly #holder = randomUUID();
  #lease: Lease | null = null;
  #validUntil = 0;
  #renewals: NodeJS.Timeout | null = null;
  #watchdog: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;
  #losing: Promise<void> = Promise.resolve();

  constructor(options: LeaseKeeperOptions, dependencies: LeaseKeeperDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** @throws RaasError `LEASE_LOST` when it is not ours, or could be another's soon */
  get lease(): Lease {
    if (this.#lease !== null && this.held) return this.#lease;
    throw new RaasError("LEASE_LOST", "this control plane does not hold the lease");
  }

  get held(): boolean {
    return this.#lease !== null && (this.#options.exclusive || this.#monotonicMs() < this.#validUntil);
  }

  async start(): Promise<void> {
    await this.#renew(this.#options.exclusive);
    this.#renewals = setInterval(() => {
      // One at a time: a store that hangs must not have renewals queue up behind it.
      this.#renewing ??= this.#renew(false).finally(() => {
        this.#renewing = null;
      });
    }, this.#options.ttlMs / RENEWALS);
    this.#renewals.unref();
  }

  /** Gives the lease back, so that another need not wait for its end. Nothing may run for us any more. */
  async close(): Promise<void> {
    if (this.#renewals !== null) clearInterval(this.#renewals);
    await this.#renewing;
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    await this.#losing;
    const lease = this.#lease;
    this.#lease = null;
    if (lease !== null) await releaseLease(this.#dependencies.db, lease);
  }

  async #renew(steal: boolean): Promise<void> {
    const { name, ttlMs, exclusive } = this.#options;
    const { db, log, onTaken } = this.#dependencies;
    const askedAt = this.#monotonicMs();
    let lease: Lease | null;
    try {
      const nowMs = exclusive ? Date.now() : "database";
      lease = await takeLease(db, { name, holder: this.#holder, ttlMs, nowMs, steal });
    } catch (error) {
      // The watchdog tells when this has lasted too long.
      log.warn("cannot renew the lease", { error: problemOf(error).message });
      return;
    }
    if (lease === null) return this.#lose();
    if (this.#lease !== null && this.#lease.token !== lease.token) this.#lose();
    this.#validUntil = askedAt + ttlMs * (1 - MARGIN);
    if (!exclusive) this.#watch();
    if (this.#lease !== null) return;
    // What ran under the lease before must be gone before anything runs under this one.
    await this.#losing;
    this.#lease = lease;
    log.info("lease taken", { name, token: lease.token });
    for (const work of onTaken) this.#begin(lease, work);
  }

  /** A store that fails just now must not leave us with the lease and nothing done under it. */
  #begin(lease: Lease, work: () => Promise<void>): void {
    if (this.#lease !== lease) return;
    work().catch((error: unknown) => {
      this.#dependencies.log.error("what is to run under the lease has not begun", { error: problemOf(error).message });
      setTimeout(() => this.#begin(lease, work), BEGIN_RETRY_MS).unref();
    });
  }

  #watch(): void {
    if (this.#watchdog !== null) clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lose(), Math.max(0, this.#validUntil - this.#monotonicMs()));
    this.#watchdog.unref();
  }

  #lose(): void {
    if (this.#lease === null) return;
    const { log, onLost } = this.#dependencies;
    log.warn("lease lost: what runs here is ended", { name: this.#options.name, token: this.#lease.token });
    this.#lease = null;
    this.#losing = onLost().catch((error: unknown) =>
      log.error("what ran under the lost lease did not end in good order", { error: problemOf(error).message }),
    );
  }
}
