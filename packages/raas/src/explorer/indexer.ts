import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@altlayer/rollup";
import type { InsertObject } from "kysely";
import { problemOf } from "../errors.ts";
import type { ChainBlockData } from "./chain-data.ts";
import { headAndHash, readBlocks } from "./chain-data.ts";
import type { BlockRows } from "./rows.ts";
import { rowsOf } from "./rows.ts";
import type { IndexDatabase, IndexTables } from "./tables.ts";
import { tokenMetadata } from "./token-metadata.ts";

export interface IndexerOptions {
  readonly rpcUrl: string;
  readonly pollMs: number;
}

/** Blocks asked for at once; one answer may hold 16 MiB. */
const BATCH_BLOCKS = 20;
/** SQLite takes 32,766 parameters in a statement. */
const PARAMETERS_MAX = 30_000;
const TABLES: readonly (keyof BlockRows)[] = ["blocks", "transactions", "participants", "addresses", "transfers"];

/** Follows a node's chain into the index, reorgs included. What it wrote it never needs again: the chain is the truth. */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #db: IndexDatabase;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #failures = 0;

  constructor(options: IndexerOptions, dependencies: { readonly db: IndexDatabase; readonly log: Logger }) {
    this.#options = options;
    this.#db = dependencies.db;
    this.#log = dependencies.log;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      let more = false;
      try {
        more = await this.#advance();
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // One line for the first failure and then for every hundredth.
        if (this.#failures++ % 100 === 0) this.#log.warn("cannot index", { error: problemOf(error).message });
      }
      if (!more) await sleep(this.#options.pollMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Indexes some blocks. True when there are more. */
  async #advance(): Promise<boolean> {
    const { rpcUrl } = this.#options;
    const tip = await this.#tip();
    const { head, hash } = await headAndHash(rpcUrl, tip?.number ?? 0);
    if (tip !== null && hash !== tip.hash) {
      await this.#forgetFrom(await this.#firstOfOtherChain(tip.number));
      return true;
    }
    const first = tip === null ? 0 : tip.number + 1;
    if (first > head) return false;
    const last = Math.min(head, first + BATCH_BLOCKS - 1);
    const data = chained(await readBlocks(rpcUrl, first, last), tip?.hash ?? null);
    if (data.length === 0) return false;
    await this.#store(data);
    return first + data.length - 1 < head;
  }

  async #tip(): Promise<{ readonly number: number; readonly hash: string } | null> {
    const row = await this.#db
      .selectFrom("blocks")
      .select(["number", "hash"])
      .orderBy("number", "desc")
      .executeTakeFirst();
    return row ?? null;
  }

  /** The lowest block that is no longer the chain's: by doubling steps back, then by halving. */
  async #firstOfOtherChain(tip: number): Promise<number> {
    let wrong = tip;
    let right = -1;
    for (let step = 1; wrong > 0; step *= 2) {
      const number = Math.max(0, tip - step);
      if (await this.#agreesAt(number)) {
        right = number;
        break;
      }
      wrong = number;
      if (number === 0) break;
    }
    while (wrong - right > 1) {
      const middle = Math.floor((wrong + right) / 2);
      if (await this.#agreesAt(middle)) right = middle;
      else wrong = middle;
    }
    return wrong;
  }

  async #agreesAt(number: number): Promise<boolean> {
    const row = await this.#db.selectFrom("blocks").select("hash").where("number", "=", number).executeTakeFirst();
    return row !== undefined && row.hash === (await headAndHash(this.#options.rpcUrl, number)).hash;
  }

  async #forgetFrom(number: number): Promise<void> {
    this.#log.info("index follows a reorg", { block: number });
    await this.#db.transaction().execute(async (db) => {
      await db.deleteFrom("blocks").where("number", ">=", number).execute();
      await db.deleteFrom("transactions").where("block_number", ">=", number).execute();
      await db.deleteFrom("participants").where("block_number", ">=", number).execute();
      await db.deleteFrom("transfers").where("block_number", ">=", number).execute();
      await db.deleteFrom("addresses").where("first_block", ">=", number).execute();
      await db.deleteFrom("tokens").where("first_block", ">=", number).execute();
    });
  }

  /** All of the blocks or nothing. */
  async #store(data: readonly ChainBlockData[]): Promise<void> {
    const rows = rowsOf(data);
    const tokens = await this.#newTokens(rows);
    await this.#db.transaction().execute(async (db) => {
      for (const table of TABLES) await insertAll(db, table, rows[table]);
      await insertAll(db, "tokens", tokens);
    });
  }

  async #newTokens({ transfers }: BlockRows): Promise<InsertObject<IndexTables, "tokens">[]> {
    const first = new Map<string, (typeof transfers)[number]>();
    for (const transfer of transfers) if (!first.has(transfer.token)) first.set(transfer.token, transfer);
    if (first.size === 0) return [];
    const known = await this.#db
      .selectFrom("tokens")
      .select("address")
      .where("address", "in", [...first.keys()])
      .execute();
    for (const { address } of known) first.delete(address);
    return await Promise.all(
      [...first.values()].map(async ({ token, kind, block_number }) => ({
        address: token,
        kind,
        first_block: block_number,
        ...(await tokenMetadata(this.#options.rpcUrl, token)),
      })),
    );
  }
}

/** The blocks that follow on each other and on `parent`: what was read while the head changed is left for the next time. */
function chained(data: readonly ChainBlockData[], parent: string | null): readonly ChainBlockData[] {
  let expected = parent;
  const end = data.findIndex(({ block }) => {
    const follows = expected === null || block.parentHash === expected;
    expected = block.hash;
    return !follows;
  });
  return end === -1 ? data : data.slice(0, end);
}

async function insertAll<T extends keyof IndexTables>(
  db: IndexDatabase,
  table: T,
  rows: readonly InsertObject<IndexTables, T>[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).length;
  const perStatement = Math.max(1, Math.floor(PARAMETERS_MAX / Math.max(1, columns)));
  for (let start = 0; start < rows.length; start += perStatement) {
    // An address or a token that is known stays as it is; everything else is new.
    await db
      .insertInto(table)
      .values(rows.slice(start, start + perStatement))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
