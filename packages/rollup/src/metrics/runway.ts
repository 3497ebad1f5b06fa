import type { Hex } from "@altlayer/engine";
import type { Clock } from "../clock.ts";
import { describeError, isClosed } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { parseAnswer, quantity } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

const DAY_MS = 86_400_000;
/** Spending is told only once it was watched for this long: the first transaction would foretell doom. */
const MIN_WATCHED_MS = 60_000;

interface Sample {
  readonly atMs: number;
  /** Wei spent since the first sample; what came in does not count against it. */
  readonly spentWei: bigint;
}

/** How long a balance lasts, from how it fell over the last day. */
export class Runway {
  #samples: Sample[] = [];
  #balance: bigint | null = null;
  #maxSamples: number;

  constructor(options: { readonly maxSamples: number }) {
    this.#maxSamples = options.maxSamples;
  }

  get balanceWei(): bigint | null {
    return this.#balance;
  }

  add(atMs: number, balanceWei: bigint): void {
    const last = this.#samples.at(-1)?.spentWei ?? 0n;
    const fell = this.#balance === null || balanceWei >= this.#balance ? 0n : this.#balance - balanceWei;
    this.#balance = balanceWei;
    this.#samples.push({ atMs, spentWei: last + fell });
    while (
      this.#samples.length > this.#maxSamples ||
      (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= DAY_MS)
    ) {
      this.#samples.shift();
    }
  }

  /** `Infinity` while nothing is spent; null while nothing is known. */
  get days(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || this.#balance === null) return null;
    const watchedMs = last.atMs - first.atMs;
    const spent = Number(last.spentWei - first.spentWei);
    if (spent === 0) return this.#balance === 0n ? 0 : Number.POSITIVE_INFINITY;
    if (watchedMs < MIN_WATCHED_MS) return null;
    return (Number(this.#balance) * (watchedMs / DAY_MS)) / spent;
  }
}

/** Looks at the role accounts' L1 balances now and then; a scrape never waits for the L1. */
export class BalanceWatcher {
  readonly roles: ReadonlyMap<string, { readonly address: Hex; readonly runway: Runway }>;
  readonly #intervalMs: number;
  readonly #d: { readonly rpc: JsonRpcClient; readonly clock: Clock; readonly log: Logger };
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;

  constructor(
    options: { readonly accounts: ReadonlyMap<string, Hex>; readonly intervalMs: number },
    dependencies: { readonly rpc: JsonRpcClient; readonly clock: Clock; readonly log: Logger },
  ) {
    this.#intervalMs = options.intervalMs;
    this.#d = dependencies;
    const maxSamples = Math.ceil(DAY_MS / options.intervalMs) + 2;
    this.roles = new Map(
      [...options.accounts].map(([role, address]) => [role, { address, runway: new Runway({ maxSamples }) }]),
    );
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { rpc, clock, log } = this.#d;
    const method = "eth_getBalance";
    while (!this.#closing.signal.aborted && this.roles.size > 0) {
      for (const [role, { address, runway }] of this.roles) {
        try {
          runway.add(clock.nowMs(), parseAnswer(quantity, await rpc.call(method, [address, "latest"]), method));
        } catch (error) {
          if (this.#closing.signal.aborted || isClosed(error)) return;
          log.debug("balance unknown", { role, error: describeError(error) });
        }
      }
      await clock.sleep(this.#intervalMs, this.#closing.signal).catch(() => {});
    }
  }
}
