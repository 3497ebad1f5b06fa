import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable-file.ts";
import { describeError, RollupError } from "../errors.ts";
import type { Logger } from "../log.ts";

const recordSchema = z.object({
  token: z.number().int().positive(),
  holder: z.string(),
  expiresAtMs: z.number().int(),
});
type LeaseRecord = z.output<typeof recordSchema>;

export interface LeaseOptions {
  /** A directory that the sequencer and its standby share. */
  readonly directory: string;
  readonly ttlMs: number;
  /** By how much the machines' clocks may differ: an expired lease is taken only after this. */
  readonly clockSkewMs: number;
}

export interface LeaseDependencies {
  readonly log: Logger;
  /** The machine's clock, Unix milliseconds, and one that never jumps: the chain's own may be shifted. */
  readonly wallMs?: () => number;
  readonly monotonicMs?: () => number;
}

/**
 * The right to sequence, as a file in a shared directory: at most one process holds it at a time.
 *
 * Every lease is a new file with the next number, made exclusively, so that of two that take it at once one fails. The
 * holder renews its file every third of the lifetime, and counts on it only until the lifetime that it last *began* to
 * write is over, by a clock that does not jump: a holder that is cut off from the directory stops by itself before anybody
 * else may begin. A number above one's own means that the lease is lost for good.
 *
 * What it does not protect against: machines whose clocks differ by more than `clockSkewMs`; a directory that breaks
 * exclusive creation (some network file systems); a process that is suspended in the middle of a block, and goes on with
 * that block, and no further, after another one has begun.
 */
export class SequencingLease {
  readonly #options: LeaseOptions;
  readonly #log: Logger;
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  readonly #holder = `${hostname()}:${process.pid}:${Math.random().toString(36).slice(2, 10)}`;
  #token: number | null = null;
  /** By the monotonic clock. */
  #heldUntilMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;

  constructor(options: LeaseOptions, dependencies: LeaseDependencies) {
    this.#options = options;
    this.#log = dependencies.log;
    this.#wallMs = dependencies.wallMs ?? Date.now;
    this.#monotonicMs = dependencies.monotonicMs ?? (() => performance.now());
  }

  /** Whether it is ours for at least so long: what is begun now must be done by then. */
  held(forMs = 0): boolean {
    return this.#token !== null && this.#monotonicMs() + forMs < this.#heldUntilMs;
  }

  /** Does nothing if it is ours already. @throws RollupError `SEQUENCER_LEASED` while another process holds it */
  async acquire(): Promise<void> {
    if (this.held()) return;
    if (this.#timer) clearInterval(this.#timer);
    await mkdir(this.#options.directory, { recursive: true });
    const current = await this.#newest();
    if (current && current.holder !== this.#holder) {
      const freeAtMs = current.expiresAtMs + this.#options.clockSkewMs;
      if (this.#wallMs() < freeAtMs) throw leased(current, freeAtMs - this.#wallMs());
    }
    const token = (current?.token ?? 0) + 1;
    const beganMs = this.#monotonicMs();
    const record = this.#record(token);
    try {
      const file = await open(this.#path(token), "wx", 0o600);
      try {
        await file.writeFile(JSON.stringify(record));
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") {
        throw leased({ token, holder: "another process, just now", expiresAtMs: 0 }, this.#options.ttlMs);
      }
      throw error;
    }
    this.#token = token;
    this.#heldUntilMs = beganMs + this.#options.ttlMs;
    this.#log.info("sequencing lease taken", { token, holder: this.#holder });
    if (current) await rm(this.#path(current.token - 1), { force: true });
    this.#timer = setInterval(() => {
      // One at a time: a directory that hangs must not have renewals queue up behind it.
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = null;
      });
    }, this.#options.ttlMs / 3);
    this.#timer.unref();
  }

  /** Gives it back, so that a successor need not wait. */
  async release(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#renewing;
    const token = this.#token;
    this.#token = null;
    try {
      if (token === null || (await this.#newest())?.token !== token) return;
      const expiresAtMs = this.#wallMs() - this.#options.clockSkewMs;
      await writeDurably(this.#path(token), JSON.stringify({ token, holder: this.#holder, expiresAtMs }));
    } catch (error) {
      // It runs out by itself.
      this.#log.warn("sequencing lease not given back", { token, error: describeError(error) });
    }
  }

  async #renew(): Promise<void> {
    const token = this.#token;
    if (token === null) return;
    try {
      const newest = await this.#newest();
      if (newest?.token !== token || newest.holder !== this.#holder) {
        this.#token = null;
        this.#log.error("sequencing lease lost", { token, newest: newest?.token, holder: newest?.holder });
        return;
      }
      const beganMs = this.#monotonicMs();
      if (this.held()) await writeDurably(this.#path(token), JSON.stringify(this.#record(token)));
      // Only what was written before the old time was over: afterwards another one may have read that it was.
      if (this.held()) this.#heldUntilMs = beganMs + this.#options.ttlMs;
      else {
        this.#token = null;
        this.#log.error("sequencing lease ran out", { token });
      }
    } catch (error) {
      this.#log.warn("sequencing lease not renewed", { token, error: describeError(error) });
    }
  }

  #record(token: number): LeaseRecord {
    return { token, holder: this.#holder, expiresAtMs: this.#wallMs() + this.#options.ttlMs };
  }

  #path(token: number): string {
    return join(this.#options.directory, `lease-${String(token).padStart(12, "0")}.json`);
  }

  async #newest(): Promise<LeaseRecord | null> {
    const names = (await readdir(this.#options.directory)).filter((name) => /^lease-\d{12}\.json$/.test(name)).sort();
    const name = names.at(-1);
    if (name === undefined) return null;
    const token = Number(name.slice(6, 18));
    const path = join(this.#options.directory, name);
    const parsed = recordSchema.safeParse(parse(await readFile(path, "utf8")));
    if (parsed.success) return { ...parsed.data, token };
    // Just being made, or torn by a crash in the making: whoever made it had the full time from then on, and no more.
    return { token, holder: "unknown", expiresAtMs: (await stat(path)).mtimeMs + this.#options.ttlMs };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function leased({ token, holder }: LeaseRecord, waitMs: number): RollupError {
  return new RollupError(
    "SEQUENCER_LEASED",
    `${holder} holds the sequencing lease (${token}): stop it, or wait ${Math.ceil(waitMs / 1000)} s after it has stopped`,
    { severity: "temporary", data: { holder, token, waitMs } },
  );
}
