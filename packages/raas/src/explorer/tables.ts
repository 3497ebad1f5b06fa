import type { Kysely } from "kysely";
import type { Hex } from "../spec/primitives.ts";

/**
 * One rollup's index. Amounts are decimal text, hashes and addresses bytes. What stands in a block has an id of the
 * block's number and its place there (`idOf`), so that the newest have the highest ids and every table grows at its end.
 */
export interface IndexRows {
  blocks: {
    readonly number: number;
    readonly hash: Hex;
    readonly parent_hash: Hex;
    readonly timestamp: number;
    readonly transaction_count: number;
    readonly gas_used: number;
    readonly gas_limit: number;
    readonly base_fee: string;
    readonly size: number;
    /** 0 where the node could not trace the block: then its internal calls are not known. */
    readonly calls_captured: number;
  };
  transactions: {
    readonly id: number;
    readonly hash: Hex;
    readonly sender: Hex;
    readonly receiver: Hex | null;
    readonly created: Hex | null;
    readonly value: string;
    readonly selector: Hex | null;
    readonly status: number;
    readonly gas_used: number;
    readonly fee: string;
    readonly type: number;
    readonly deposit: number;
  };
  /** Who took part in which transaction. */
  participants: { readonly address: Hex; readonly transaction_id: number };
  addresses: { readonly address: Hex; readonly first_block: number; readonly transaction_count: number };
  /** Calls within transactions that moved ether or made a contract, in the order of the trace. */
  internal_calls: {
    readonly transaction_id: number;
    readonly position: number;
    readonly kind: string;
    readonly sender: Hex;
    readonly receiver: Hex;
    readonly value: string;
  };
  internal_parties: { readonly address: Hex; readonly transaction_id: number; readonly position: number };
  transfers: {
    /** Of the block and the log's index in it. */
    readonly id: number;
    readonly transaction_id: number;
    readonly token: Hex;
    readonly sender: Hex;
    readonly receiver: Hex;
    readonly value: string;
    readonly kind: string;
  };
  transfer_parties: { readonly address: Hex; readonly transfer_id: number };
  tokens: {
    readonly address: Hex;
    readonly kind: string;
    readonly name: string | null;
    readonly symbol: string | null;
    readonly decimals: number | null;
    readonly first_block: number;
    readonly transfer_count: number;
  };
  /** Which tokens an address ever sent or received. */
  holdings: { readonly address: Hex; readonly token: Hex; readonly first_block: number };
  /** How many rows the long tables have: counting them would read them. */
  totals: { readonly name: string; readonly count: number };
}

type Stored<Row> = {
  readonly [Column in keyof Row]: Row[Column] extends Hex
    ? Uint8Array
    : Row[Column] extends Hex | null
      ? Uint8Array | null
      : Row[Column];
};
export type IndexTables = { readonly [Table in keyof IndexRows]: Stored<IndexRows[Table]> };
export type IndexDatabase = Kysely<IndexTables>;

/** Raised whenever the tables change: an index of another version is built anew from the chain. */
export const INDEX_VERSION = 2;

/** Places in a block: 4,194,304 transactions or logs, and blocks for 68 years at one a second. */
export const PLACES = 2 ** 22;
export const idOf = (block: number, place: number): number => block * PLACES + place;
export const blockOf = (id: number): number => Math.floor(id / PLACES);
export const placeOf = (id: number): number => id % PLACES;

export const bytesOf = (hex: Hex): Buffer => Buffer.from(hex.slice(2), "hex");
export const hexOf = (bytes: Uint8Array): Hex =>
  `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;

/** Columns that hold bytes, in whichever table. */
const BYTES = new Set(["hash", "parent_hash", "sender", "receiver", "created", "selector", "token", "address"]);
export const isBytes = (column: string): boolean => BYTES.has(column);

export const COLUMNS: { readonly [Table in keyof IndexRows]: readonly (keyof IndexRows[Table] & string)[] } = {
  blocks: [
    ...(["number", "hash", "parent_hash", "timestamp", "transaction_count", "gas_used", "gas_limit"] as const),
    ...(["base_fee", "size", "calls_captured"] as const),
  ],
  transactions: [
    ...(["id", "hash", "sender", "receiver", "created", "value", "selector"] as const),
    ...(["status", "gas_used", "fee", "type", "deposit"] as const),
  ],
  participants: ["address", "transaction_id"],
  addresses: ["address", "first_block", "transaction_count"],
  internal_calls: ["transaction_id", "position", "kind", "sender", "receiver", "value"],
  internal_parties: ["address", "transaction_id", "position"],
  transfers: ["id", "transaction_id", "token", "sender", "receiver", "value", "kind"],
  transfer_parties: ["address", "transfer_id"],
  tokens: ["address", "kind", "name", "symbol", "decimals", "first_block", "transfer_count"],
  holdings: ["address", "token", "first_block"],
  totals: ["name", "count"],
};

export const STATEMENTS = [
  `create table blocks (number integer primary key, hash blob not null unique, parent_hash blob not null, timestamp integer not null,
    transaction_count integer not null, gas_used integer not null, gas_limit integer not null, base_fee text not null,
    size integer not null, calls_captured integer not null)`,
  "create index blocks_by_time on blocks (timestamp)",
  `create table transactions (id integer primary key, hash blob not null unique, sender blob not null, receiver blob, created blob,
    value text not null, selector blob, status integer not null, gas_used integer not null, fee text not null,
    type integer not null, deposit integer not null)`,
  // An idle chain has a deposit in every block: its users' transactions would be hard to find among them.
  "create index transactions_of_users on transactions (id) where deposit = 0",
  "create table participants (address blob not null, transaction_id integer not null, primary key (address, transaction_id)) without rowid",
  `create table addresses (address blob primary key, first_block integer not null, transaction_count integer not null) without rowid`,
  `create table internal_calls (transaction_id integer not null, position integer not null, kind text not null, sender blob not null,
    receiver blob not null, value text not null, primary key (transaction_id, position)) without rowid`,
  `create table internal_parties (address blob not null, transaction_id integer not null, position integer not null,
    primary key (address, transaction_id, position)) without rowid`,
  `create table transfers (id integer primary key, transaction_id integer not null, token blob not null, sender blob not null,
    receiver blob not null, value text not null, kind text not null)`,
  "create index transfers_by_transaction on transfers (transaction_id)",
  "create index transfers_by_token on transfers (token, id)",
  "create table transfer_parties (address blob not null, transfer_id integer not null, primary key (address, transfer_id)) without rowid",
  `create table tokens (address blob primary key, kind text not null, name text, symbol text, decimals integer,
    first_block integer not null, transfer_count integer not null) without rowid`,
  "create index tokens_by_block on tokens (first_block, address)",
  "create index tokens_by_name on tokens (name collate nocase)",
  "create index tokens_by_symbol on tokens (symbol collate nocase)",
  "create table holdings (address blob not null, token blob not null, first_block integer not null, primary key (address, token)) without rowid",
  "create table totals (name text primary key, count integer not null) without rowid",
  "insert into totals values ('transactions', 0), ('addresses', 0), ('tokens', 0)",
  `pragma user_version = ${INDEX_VERSION}`,
];
