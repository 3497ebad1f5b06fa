import type { Selectable } from "kysely";
import { sql } from "kysely";
import { RaasError } from "../../errors.ts";
import type { Hex } from "../../spec/primitives.ts";
import type { IndexDatabase, IndexTables } from "../tables.ts";
import { bytesOf, hexOf } from "../tables.ts";
import type { IndexPage } from "./page.ts";
import { listed, notOurs } from "./page.ts";

const MINUTES = 60;

const blockView = (row: Selectable<IndexTables["blocks"]>) => ({
  number: row.number,
  hash: hexOf(row.hash),
  parentHash: hexOf(row.parent_hash),
  timestamp: row.timestamp,
  transactionCount: row.transaction_count,
  gasUsed: row.gas_used,
  gasLimit: row.gas_limit,
  baseFeePerGas: row.base_fee,
  sizeBytes: row.size,
});

/** Newest first; the cursor is the last block's number. */
export async function listBlocks(db: IndexDatabase, { limit, cursor }: IndexPage) {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) throw notOurs();
  const rows = await db
    .selectFrom("blocks")
    .selectAll()
    .$if(cursor !== undefined, (query) => query.where("number", "<", Number(cursor)))
    .orderBy("number", "desc")
    .limit(limit + 1)
    .execute();
  return listed(rows, limit, blockView, ({ number }) => String(number));
}

/** By number or hash. @throws RaasError `NOT_FOUND` */
export async function findBlock(db: IndexDatabase, id: string) {
  const blocks = db.selectFrom("blocks").selectAll();
  const found = id.startsWith("0x")
    ? blocks.where("hash", "=", bytesOf(id as Hex))
    : blocks.where("number", "=", Number(id));
  const row = await found.executeTakeFirst();
  if (row === undefined) throw new RaasError("NOT_FOUND", `block ${id} is not in the index`);
  return blockView(row);
}

/** How much there is, and the last hour by minutes. */
export async function overview(db: IndexDatabase) {
  const [totals, tip] = await Promise.all([
    db.selectFrom("totals").selectAll().execute(),
    db.selectFrom("blocks").select(["number", "timestamp"]).orderBy("number", "desc").executeTakeFirst(),
  ]);
  const count = (name: string) => totals.find((total) => total.name === name)?.count ?? 0;
  const minute = sql<number>`timestamp / 60`;
  const perMinute = await db
    .selectFrom("blocks")
    .select([
      minute.as("minute"),
      // The first of each block is the system's own.
      sql<number>`sum(transaction_count) - count(*)`.as("transactions"),
      sql<number>`sum(gas_used)`.as("gasUsed"),
    ])
    .where("timestamp", ">", (tip?.timestamp ?? 0) - MINUTES * 60)
    // The genesis has none.
    .where("number", ">", 0)
    .groupBy(minute)
    .orderBy("minute")
    .execute();
  return {
    indexedNumber: tip?.number ?? null,
    // A chain's blocks are numbered without gaps.
    blocks: tip === undefined ? 0 : tip.number + 1,
    transactions: count("transactions"),
    addresses: count("addresses"),
    tokens: count("tokens"),
    perMinute: perMinute.map((row) => ({ ...row, minute: new Date(row.minute * 60_000).toISOString() })),
  };
}
