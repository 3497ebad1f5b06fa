import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { Hex } from "../../spec/primitives.ts";
import type { IndexDatabase, IndexTables } from "../tables.ts";
import { bytesOf, hexOf } from "../tables.ts";
import type { IndexPage } from "./page.ts";
import { listed, notOurs } from "./page.ts";

const HELD_MAX = 100;

const tokenView = (row: Selectable<IndexTables["tokens"]>) => ({
  address: hexOf(row.address),
  kind: row.kind,
  name: row.name,
  symbol: row.symbol,
  decimals: row.decimals,
  firstSeenBlock: row.first_block,
});

export async function findToken(db: IndexDatabase, address: Hex) {
  const row = await db.selectFrom("tokens").selectAll().where("address", "=", bytesOf(address)).executeTakeFirst();
  return row === undefined ? null : { ...tokenView(row), transferCount: row.transfer_count };
}

/** Newest first; the cursor is `block.` and the address of the last. */
export async function listTokens(db: IndexDatabase, { limit, cursor }: IndexPage) {
  const match = cursor === undefined ? null : /^(\d{1,9})\.(0x[0-9a-f]{40})$/.exec(cursor);
  if (cursor !== undefined && match === null) throw notOurs();
  const rows = await db
    .selectFrom("tokens")
    .selectAll()
    .$if(match !== null, (query) =>
      query.where(sql<boolean>`(first_block, address) < (${Number(match![1])}, ${bytesOf(match![2] as Hex)})`),
    )
    .orderBy("first_block", "desc")
    .orderBy("address", "desc")
    .limit(limit + 1)
    .execute();
  return listed(rows, limit, tokenView, (row) => `${row.first_block}.${hexOf(row.address)}`);
}

/** Tokens that an address ever sent or received. */
export async function tokensOf(db: IndexDatabase, address: Hex) {
  const rows = await db
    .selectFrom("holdings")
    .innerJoin("tokens", "tokens.address", "holdings.token")
    .selectAll("tokens")
    .where("holdings.address", "=", bytesOf(address))
    .limit(HELD_MAX)
    .execute();
  return rows.map(tokenView);
}

export async function addressSummary(db: IndexDatabase, address: Hex) {
  const [seen, token] = await Promise.all([
    db.selectFrom("addresses").selectAll().where("address", "=", bytesOf(address)).executeTakeFirst(),
    findToken(db, address),
  ]);
  return { firstSeenBlock: seen?.first_block ?? null, transactionCount: seen?.transaction_count ?? 0, token };
}
