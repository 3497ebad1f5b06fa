import type { Kysely } from "kysely";
import { sql } from "kysely";

/** One rollup's index. Amounts are decimal text; whatever stands above a reorganised block is deleted by its number. */
export interface IndexTables {
  blocks: {
    number: number;
    hash: string;
    parent_hash: string;
    timestamp: number;
    transaction_count: number;
    gas_used: number;
    gas_limit: number;
    base_fee: string;
    size: number;
  };
  transactions: {
    hash: string;
    block_number: number;
    block_hash: string;
    position: number;
    timestamp: number;
    sender: string;
    receiver: string | null;
    created: string | null;
    value: string;
    selector: string | null;
    status: number;
    gas_used: number;
    fee: string;
    type: number;
    deposit: number;
  };
  /** Who took part in which transaction. */
  participants: { address: string; block_number: number; position: number };
  addresses: { address: string; first_block: number };
  transfers: {
    block_number: number;
    log_index: number;
    transaction_hash: string;
    token: string;
    sender: string;
    receiver: string;
    value: string;
    kind: string;
  };
  tokens: {
    address: string;
    kind: string;
    name: string | null;
    symbol: string | null;
    decimals: number | null;
    first_block: number;
  };
}

export type IndexDatabase = Kysely<IndexTables>;

/** Raised whenever the tables change: an index of another version is built anew from the chain. */
export const INDEX_VERSION = 1;

const STATEMENTS = [
  `create table blocks (number integer primary key, hash text not null unique, parent_hash text not null, timestamp integer not null,
    transaction_count integer not null, gas_used integer not null, gas_limit integer not null, base_fee text not null, size integer not null)`,
  "create index blocks_by_time on blocks (timestamp)",
  `create table transactions (hash text primary key, block_number integer not null, block_hash text not null, position integer not null,
    timestamp integer not null, sender text not null, receiver text, created text, value text not null, selector text,
    status integer not null, gas_used integer not null, fee text not null, type integer not null, deposit integer not null) without rowid`,
  "create unique index transactions_in_order on transactions (block_number, position)",
  `create table participants (address text not null, block_number integer not null, position integer not null,
    primary key (address, block_number, position)) without rowid`,
  "create index participants_by_block on participants (block_number)",
  "create table addresses (address text primary key, first_block integer not null) without rowid",
  "create index addresses_by_block on addresses (first_block)",
  `create table transfers (block_number integer not null, log_index integer not null, transaction_hash text not null, token text not null,
    sender text not null, receiver text not null, value text not null, kind text not null, primary key (block_number, log_index)) without rowid`,
  "create index transfers_by_token on transfers (token, block_number, log_index)",
  "create index transfers_by_sender on transfers (sender, block_number, log_index)",
  "create index transfers_by_receiver on transfers (receiver, block_number, log_index)",
  "create index transfers_by_transaction on transfers (transaction_hash)",
  `create table tokens (address text primary key, kind text not null, name text, symbol text, decimals integer,
    first_block integer not null) without rowid`,
  `pragma user_version = ${INDEX_VERSION}`,
];

/** True when the file holds an index of this version; an empty file becomes one. */
export async function prepareIndex(db: IndexDatabase): Promise<boolean> {
  const { rows } = await sql<{ user_version: number }>`pragma user_version`.execute(db);
  const version = rows[0]?.user_version ?? 0;
  if (version === INDEX_VERSION) return true;
  if (version !== 0) return false;
  await db.transaction().execute(async (transaction) => {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(transaction);
  });
  return true;
}
