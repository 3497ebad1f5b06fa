import type { Selectable } from "kysely";
import { sql } from "kysely";
import { RaasError } from "../errors.ts";
import type { IndexDatabase, IndexTables } from "./tables.ts";

export interface IndexPage {
  readonly limit: number;
  /** `block` or `block.position` of the last item seen; lists go from the newest to the oldest. */
  readonly cursor?: string;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

const NEWEST = Number.MAX_SAFE_INTEGER;
const MINUTES = 60;

function placeOf(cursor: string | undefined): { readonly block: number; readonly position: number } {
  if (cursor === undefined) return { block: NEWEST, position: 0 };
  const match = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(cursor);
  if (match === null) throw new RaasError("BAD_REQUEST", "this cursor is none of ours");
  return { block: Number(match[1]), position: Number(match[2] ?? 0) };
}

/** One item more than asked for tells that there is a next page. */
function listed<Row, T>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => T,
  cursorOf: (row: Row) => string,
): Listed<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(view), nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

const blockView = (row: Selectable<IndexTables["blocks"]>) => ({
  number: row.number,
  hash: row.hash,
  parentHash: row.parent_hash,
  timestamp: row.timestamp,
  transactionCount: row.transaction_count,
  gasUsed: row.gas_used,
  gasLimit: row.gas_limit,
  baseFeePerGas: row.base_fee,
  sizeBytes: row.size,
});

const transactionView = (row: Selectable<IndexTables["transactions"]>) => ({
  hash: row.hash,
  blockNumber: row.block_number,
  blockHash: row.block_hash,
  index: row.position,
  timestamp: row.timestamp,
  from: row.sender,
  to: row.receiver,
  created: row.created,
  valueWei: row.value,
  selector: row.selector,
  status: row.status,
  gasUsed: row.gas_used,
  feeWei: row.fee,
  type: row.type,
  deposit: row.deposit === 1,
});

const transferView = (row: Selectable<IndexTables["transfers"]>) => ({
  transactionHash: row.transaction_hash,
  logIndex: row.log_index,
  blockNumber: row.block_number,
  token: row.token,
  from: row.sender,
  to: row.receiver,
  value: row.value,
  kind: row.kind,
});

export async function overview(db: IndexDatabase) {
  const [blocks, transactions, addresses, tokens, tip] = await Promise.all([
    count(db, "blocks"),
    count(db, "transactions"),
    count(db, "addresses"),
    count(db, "tokens"),
    db.selectFrom("blocks").select(["number", "timestamp"]).orderBy("number", "desc").executeTakeFirst(),
  ]);
  const since = (tip?.timestamp ?? 0) - MINUTES * 60;
  const perMinute = await db
    .selectFrom("blocks")
    .select([
      sql<number>`timestamp / 60`.as("minute"),
      sql<number>`sum(transaction_count)`.as("transactions"),
      sql<number>`sum(gas_used)`.as("gasUsed"),
    ])
    .where("timestamp", ">", since)
    .groupBy(sql`timestamp / 60`)
    .orderBy("minute")
    .execute();
  return {
    indexedNumber: tip?.number ?? null,
    blocks,
    transactions,
    addresses,
    tokens,
    perMinute: perMinute.map(({ minute, ...sums }) => ({ minute: new Date(minute * 60_000).toISOString(), ...sums })),
  };
}

async function count(db: IndexDatabase, table: keyof IndexTables): Promise<number> {
  const row = await db.selectFrom(table).select(sql<number>`count(*)`.as("count")).executeTakeFirstOrThrow();
  return row.count;
}

export async function listBlocks(db: IndexDatabase, { limit, cursor }: IndexPage) {
  const rows = await db
    .selectFrom("blocks")
    .selectAll()
    .where("number", "<", placeOf(cursor).block)
    .orderBy("number", "desc")
    .limit(limit + 1)
    .execute();
  return listed(rows, limit, blockView, ({ number }) => String(number));
}

/** By number or hash. @throws RaasError `NOT_FOUND` */
export async function findBlock(db: IndexDatabase, id: string) {
  const row = await db
    .selectFrom("blocks")
    .selectAll()
    .where(id.startsWith("0x") ? "hash" : "number", "=", id.startsWith("0x") ? id.toLowerCase() : (Number(id) as never))
    .executeTakeFirst();
  if (row === undefined) throw new RaasError("NOT_FOUND", `block ${id} is not in the index`);
  return blockView(row);
}

export async function listTransactions(
  db: IndexDatabase,
  page: IndexPage & { readonly block?: number; readonly deposits: boolean },
) {
  const { limit, cursor, block, deposits } = page;
  const from = placeOf(cursor);
  const rows = await db
    .selectFrom("transactions")
    .selectAll()
    .where(sql<boolean>`(block_number, position) < (${from.block}, ${from.position})`)
    .$if(block !== undefined, (query) => query.where("block_number", "=", block!))
    .$if(!deposits, (query) => query.where("deposit", "=", 0))
    .orderBy("block_number", "desc")
    .orderBy("position", "desc")
    .limit(limit + 1)
    .execute();
  return listed(rows, limit, transactionView, (row) => `${row.block_number}.${row.position}`);
}

/** @throws RaasError `NOT_FOUND` */
export async function findTransaction(db: IndexDatabase, hash: string) {
  const row = await db.selectFrom("transactions").selectAll().where("hash", "=", hash).executeTakeFirst();
  if (row === undefined) throw new RaasError("NOT_FOUND", `transaction ${hash} is not in the index`);
  const transfers = await db
    .selectFrom("transfers")
    .selectAll()
    .where("transaction_hash", "=", hash)
    .orderBy("log_index")
    .execute();
  return { ...transactionView(row), transfers: transfers.map(transferView) };
}

export async function addressSummary(db: IndexDatabase, address: string) {
  const [first, transactions, token] = await Promise.all([
    db.selectFrom("addresses").select("first_block").where("address", "=", address).executeTakeFirst(),
    db
      .selectFrom("participants")
      .select(sql<number>`count(*)`.as("count"))
      .where("address", "=", address)
      .executeTakeFirstOrThrow(),
    findToken(db, address),
  ]);
  return { firstSeenBlock: first?.first_block ?? null, transactionCount: transactions.count, token };
}

export async function addressTransactions(db: IndexDatabase, address: string, { limit, cursor }: IndexPage) {
  const from = placeOf(cursor);
  const rows = await db
    .selectFrom("participants")
    .innerJoin("transactions", (join) =>
      join
        .onRef("transactions.block_number", "=", "participants.block_number")
        .onRef("transactions.position", "=", "participants.position"),
    )
    .selectAll("transactions")
    .where("participants.address", "=", address)
    .where(sql<boolean>`(participants.block_number, participants.position) < (${from.block}, ${from.position})`)
    .orderBy("participants.block_number", "desc")
    .orderBy("participants.position", "desc")
    .limit(limit + 1)
    .execute();
  return listed(rows, limit, transactionView, (row) => `${row.block_number}.${row.position}`);
}

export async function listTransfers(
  db: IndexDatabase,
  by: { readonly token: string } | { readonly address: string },
  { limit, cursor }: IndexPage,
) {
  const from = placeOf(cursor);
  const select = (column: "token" | "sender" | "receiver", value: string) =>
    db
      .selectFrom("transfers")
      .selectAll()
      .where(column, "=", value)
      .where(sql<boolean>`(block_number, log_index) < (${from.block}, ${from.position})`)
      .orderBy("block_number", "desc")
      .orderBy("log_index", "desc")
      .limit(limit + 1);
  const cursorOf = (row: Selectable<IndexTables["transfers"]>) => `${row.block_number}.${row.log_index}`;
  if ("token" in by) return listed(await select("token", by.token).execute(), limit, transferView, cursorOf);
  // Each side by its own index, then the newest of both; a transfer to oneself is on both.
  const sides = await Promise.all([select("sender", by.address).execute(), select("receiver", by.address).execute()]);
  const rows = [...new Map(sides.flat().map((row) => [cursorOf(row), row])).values()].sort(
    (a, b) => b.block_number - a.block_number || b.log_index - a.log_index,
  );
  return listed(rows.slice(0, limit + 1), limit, transferView, cursorOf);
}

/** Tokens that an address ever sent or received. */
export async function tokensOf(db: IndexDatabase, address: string) {
  const { rows } = await sql<Selectable<IndexTables["tokens"]>>`
    select * from tokens where address in (
      select distinct token from transfers where sender = ${address} union select distinct token from transfers where receiver = ${address}
    ) limit 100`.execute(db);
  return rows.map(tokenView);
}

const tokenView = (row: Selectable<IndexTables["tokens"]>) => ({
  address: row.address,
  kind: row.kind,
  name: row.name,
  symbol: row.symbol,
  decimals: row.decimals,
  firstSeenBlock: row.first_block,
});

export async function findToken(db: IndexDatabase, address: string) {
  const row = await db.selectFrom("tokens").selectAll().where("address", "=", address).executeTakeFirst();
  if (row === undefined) return null;
  const transfers = await db
    .selectFrom("transfers")
    .select(sql<number>`count(*)`.as("count"))
    .where("token", "=", address)
    .executeTakeFirstOrThrow();
  return { ...tokenView(row), transferCount: transfers.count };
}

/** Newest first; the cursor is `block.` and the address of the last. */
export async function listTokens(db: IndexDatabase, { limit, cursor }: IndexPage) {
  const match = cursor === undefined ? null : /^(\d{1,15})\.(0x[0-9a-f]{40})$/.exec(cursor);
  if (cursor !== undefined && match === null) throw new RaasError("BAD_REQUEST", "this cursor is none of ours");
  const rows = await db
    .selectFrom("tokens")
    .selectAll()
    .$if(match !== null, (query) =>
      query.where(sql<boolean>`(first_block, address) < (${Number(match![1])}, ${match![2]})`),
    )
    .orderBy("first_block", "desc")
    .orderBy("address", "desc")
    .limit(limit + 1)
    .execute();
  return listed(rows, limit, tokenView, (row) => `${row.first_block}.${row.address}`);
}

/** What a text could mean: a block's number, a hash, an address, or the beginning of a token's name. */
export async function search(db: IndexDatabase, text: string) {
  const items: { kind: "block" | "transaction" | "address" | "token"; id: string; label: string }[] = [];
  const lower = text.toLowerCase();
  if (/^\d{1,15}$/.test(text) && (await exists(db, "blocks", "number", Number(text)))) {
    items.push({ kind: "block", id: text, label: `Block ${text}` });
  } else if (/^0x[0-9a-f]{64}$/.test(lower)) {
    if (await exists(db, "transactions", "hash", lower))
      items.push({ kind: "transaction", id: lower, label: "Transaction" });
    if (await exists(db, "blocks", "hash", lower)) items.push({ kind: "block", id: lower, label: "Block" });
  } else if (/^0x[0-9a-f]{40}$/.test(lower)) {
    const token = await findToken(db, lower);
    if (token !== null) items.push({ kind: "token", id: lower, label: token.name ?? "Token" });
    items.push({ kind: "address", id: lower, label: "Address" });
  } else {
    const pattern = `${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    const rows = await db
      .selectFrom("tokens")
      .select(["address", "name", "symbol"])
      .where(sql<boolean>`name like ${pattern} escape '\\' or symbol like ${pattern} escape '\\'`)
      .limit(10)
      .execute();
    items.push(
      ...rows.map(({ address, name, symbol }) => ({
        kind: "token" as const,
        id: address,
        label: `${name ?? "?"} (${symbol ?? "?"})`,
      })),
    );
  }
  return { items };
}

async function exists(
  db: IndexDatabase,
  table: "blocks" | "transactions",
  column: "number" | "hash",
  value: number | string,
): Promise<boolean> {
  const { rows } = await sql`select 1 from ${sql.table(table)} where ${sql.ref(column)} = ${value}`.execute(db);
  return rows.length > 0;
}
