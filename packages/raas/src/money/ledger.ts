import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import { sql } from "kysely";
import { problemOf } from "../errors.ts";
import type { Explorer } from "../explorer/explorer.ts";
import type { Network, Networks } from "../networks.ts";
import { rpcBatch } from "../rpc-batch.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Lease } from "../store/lease.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { RollupStore } from "../store/rollups.ts";
import type { SpendingEntry, SpendingStore, Usage } from "../store/spending.ts";
import { finalizedBlock, type PaidTransaction, paidTransactions } from "./l1-blocks.ts";
import { dayStart, hourStart } from "./maths.ts";

export interface LedgerOptions {
  readonly nowMs: () => number;
  readonly everyMs?: number;
}

export interface LedgerDependencies {
  readonly networks: Networks;
  readonly rollups: RollupStore;
  readonly spending: SpendingStore;
  readonly explorer: Explorer;
  readonly runtime: Runtime;
  /** Throws while another control plane is the one that acts. */
  readonly lease: () => Lease;
  readonly log: Logger;
}

const EVERY_MS = 15_000;
const BLOCKS_PER_BATCH = 20;
/** Read in one round of one network, so that the others have their turn. */
const BLOCKS_PER_ROUND = 400;
/** A week of Ethereum. Who was away for longer begins anew: a guess of a rate is worse than none. */
const BEHIND_MAX_BLOCKS = 50_400;
const BEHIND_SOON_BLOCKS = 1_000;
const USAGE_BLOCKS_MAX = 100_000;
const PRUNE_MS = 3_600_000;

export const l1Cursor = (networkId: string): string => `l1/${networkId}`;
const l2Cursor = (rollupId: string): string => `l2/${rollupId}`;

/**
 * Measures what the role accounts pay, from the settlement networks' finalized blocks, and what users do with it, from
 * the explorer's index. Finalized blocks do not change, so each counts once.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #deps: LedgerDependencies;
  readonly #closing = new AbortController();
  readonly #failing = new Set<string>();
  #prunedAt = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LedgerOptions, dependencies: LedgerDependencies) {
    this.#options = options;
    this.#deps = dependencies;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    const { everyMs = EVERY_MS, nowMs } = this.#options;
    while (!signal.aborted) {
      let more = false;
      try {
        const lease = this.#deps.lease();
        more = await this.#round(lease);
        if (nowMs() - this.#prunedAt >= PRUNE_MS) {
          this.#prunedAt = nowMs();
          await this.#deps.spending.prune(nowMs());
        }
      } catch (error) {
        const { code, message } = problemOf(error);
        if (code !== "LEASE_LOST") this.#deps.log.warn("the ledger stands still", { error: message });
      }
      if (!more) await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** True when there is more to read. */
  async #round(lease: Lease): Promise<boolean> {
    const { networks, rollups } = this.#deps;
    const watched = await rollups.watched();
    let more = false;
    for (const network of networks.all) {
      if (this.#closing.signal.aborted) return false;
      const read = await this.#once(network.id, () => this.#readNetwork(lease, network));
      more ||= read === true;
    }
    for (const rollup of watched) {
      if (this.#closing.signal.aborted) return false;
      await this.#once(rollup.id, () => this.#readUsage(lease, rollup));
    }
    return more;
  }

  /** What fails of one does not hold up the others; it is logged when it begins. */
  async #once<T>(name: string, work: () => Promise<T>): Promise<T | null> {
    try {
      const result = await work();
      this.#failing.delete(name);
      return result;
    } catch (error) {
      const { code, message } = problemOf(error);
      if (code === "LEASE_LOST") throw error;
      if (!this.#failing.has(name)) this.#deps.log.warn("cannot measure spending", { of: name, error: message });
      this.#failing.add(name);
      return null;
    }
  }

  async #readNetwork(lease: Lease, { id, rpcUrl }: Network): Promise<boolean> {
    const { spending, log } = this.#deps;
    const name = l1Cursor(id);
    const payers = await spending.payers(id);
    const known = await spending.cursor(name);
    const finalized = await finalizedBlock(rpcUrl);
    const behind = finalized.number - (known?.position ?? 0);
    // A network that was restored is a little behind for a moment.
    if (behind < 0 && behind > -BEHIND_SOON_BLOCKS) return false;
    // Nobody spends yet: whoever begins is measured from here on.
    if (known === null || payers.length === 0 || behind < 0 || behind > BEHIND_MAX_BLOCKS) {
      if (behind === 0 && known !== null) return false;
      if (known !== null && payers.length > 0) log.warn("spending is measured anew", { network: id, behind });
      await spending.add(lease, name, { position: finalized.number, since: finalized.timestamp * 1_000 }, []);
      return false;
    }
    const byAddress = new Map(payers.map((payer) => [payer.address, payer]));
    const accounts = new Set(byAddress.keys());
    const target = Math.min(finalized.number, known.position + BLOCKS_PER_ROUND);
    for (let first = known.position + 1; first <= target; first += BLOCKS_PER_BATCH) {
      if (this.#closing.signal.aborted) return false;
      const last = Math.min(target, first + BLOCKS_PER_BATCH - 1);
      const paid = accounts.size === 0 ? [] : await paidTransactions(rpcUrl, { first, last, accounts });
      const entries = paid.flatMap((transaction) => entriesOf(transaction, byAddress.get(transaction.from)!));
      await spending.add(lease, name, { position: last, since: known.since }, entries);
    }
    return target < finalized.number;
  }

  async #readUsage(lease: Lease, rollup: RollupRecord): Promise<void> {
    const { spending, explorer, runtime } = this.#deps;
    const running = runtime.running(rollup.id);
    if (running === null) return;
    const [sync] = await rpcBatch(running.endpoints.rpc, [["optimism_syncStatus", []]]);
    const finalized = (sync as { finalized_l2?: { number?: unknown } } | null)?.finalized_l2?.number;
    if (typeof finalized !== "number") return;
    const name = l2Cursor(rollup.id);
    const known = (await spending.cursor(name)) ?? { position: 0, since: rollup.createdAt };
    const db = await explorer.read(rollup.id);
    const upTo = Math.min(finalized, known.position + USAGE_BLOCKS_MAX);
    const { newest } = await db
      .selectFrom("blocks")
      .select((row) => row.fn.max("number").as("newest"))
      .executeTakeFirstOrThrow();
    const position = Math.min(upTo, newest ?? 0);
    if (position <= known.position) return;
    const rows = await db
      .selectFrom("blocks")
      .select((row) => [
        sql<number>`timestamp / 86400`.as("day"),
        row.fn.countAll<number>().as("blocks"),
        row.fn.sum<number>("transaction_count").as("transactions"),
      ])
      .where("number", ">", known.position)
      .where("number", "<=", position)
      .groupBy("day")
      .execute();
    const days = rows.map(
      ({ day, blocks, transactions }): Usage => ({
        startAt: day * 86_400_000,
        blocks,
        // The first of each block is the system's own.
        transactions: Math.max(0, transactions - blocks),
      }),
    );
    await spending.addUsage(lease, { name, cursor: { position, since: known.since }, rollupId: rollup.id }, days);
  }
}

function entriesOf(
  { atMs, feeWei, valueWei, dataBytes, blobs }: PaidTransaction,
  { rollupId, role }: { readonly rollupId: string; readonly role: string },
): readonly SpendingEntry[] {
  const sums = { rollupId, role, transactions: 1, feeWei, valueWei, dataBytes, blobs };
  return [
    { ...sums, span: "hour", startAt: hourStart(atMs) },
    { ...sums, span: "day", startAt: dayStart(atMs) },
  ];
}
