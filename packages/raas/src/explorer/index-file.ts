import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import { type BlockRows, partiesOf } from "./rows.ts";
import { bytesOf, COLUMNS, hexOf, INDEX_VERSION, type IndexRows, idOf, isBytes, PLACES, STATEMENTS } from "./tables.ts";

/** A token that the index meets for the first time. */
export type NewToken = Omit<IndexRows["tokens"], "transfer_count">;

// The index can be made again from the chain: what a loss of power takes is indexed anew, so a commit need not be synced.
// Checkpoints are few and large, since a busy chain's writes touch the same pages over and over.
const SETTINGS = `pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000;
  pragma cache_size = -16000; pragma wal_autocheckpoint = 4000; pragma temp_store = memory`;

/**
 * A rollup's index as its one writer holds it. Calls block: it belongs on a thread of its own. Every call leaves the
 * index as of a block of the chain, with all of that block or nothing.
 */
export class IndexFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or makes the file; one of another version is made anew, since the chain still holds all of it. */
  constructor(options: { readonly file: string }) {
    const { file } = options;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    let database = new DatabaseSync(file);
    const version = Number(database.prepare("pragma user_version").get()?.user_version);
    if (version !== 0 && version !== INDEX_VERSION) {
      database.close();
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
      database = new DatabaseSync(file);
    }
    database.exec(SETTINGS);
    this.#database = database;
    if (version === INDEX_VERSION) return;
    this.#whole(() => {
      for (const statement of STATEMENTS) database.exec(statement);
    });
  }

  /** The newest block of the index. */
  tip(): { readonly number: number; readonly hash: Hex } | null {
    const row = this.#prepared("select number, hash from blocks order by number desc limit 1").get();
    return row === undefined ? null : { number: row.number as number, hash: hexOf(row.hash as Uint8Array) };
  }

  hashOf(number: number): Hex | null {
    const row = this.#prepared("select hash from blocks where number = ?").get(number);
    return row === undefined ? null : hexOf(row.hash as Uint8Array);
  }

  knowsToken(address: Hex): boolean {
    return this.#prepared("select 1 from tokens where address = ?").get(bytesOf(address)) !== undefined;
  }

  /**
   * Adds blocks that follow on the tip, lowest first, with the tokens that they are the first to move.
   * @throws RaasError `TOO_LARGE` for a block with more transactions or logs than can be told apart
   */
  append(blocks: readonly BlockRows[], newTokens: readonly NewToken[]): void {
    const first = blocks[0]?.block.number;
    if (first === undefined) return;
    const parties = partiesOf(blocks);
    this.#whole(() => {
      for (const { block, transactions, calls, transfers } of blocks) {
        if (transactions.length >= PLACES || (transfers.at(-1)?.id ?? 0) >= idOf(block.number + 1, 0))
          throw new RaasError("TOO_LARGE", `block ${block.number} holds more than the index can tell apart`);
        this.#insert("blocks", [block]);
        this.#insert("transactions", transactions);
        this.#insert("internal_calls", calls);
        this.#insert("transfers", transfers);
        this.#add("transactions", transactions.length);
      }
      this.#insert("participants", parties.participants);
      this.#insert("internal_parties", parties.callParties);
      this.#insert("transfer_parties", parties.transferParties);
      this.#insert("holdings", parties.holdings, "on conflict do nothing");
      this.#insert(
        "tokens",
        newTokens.map((token) => ({ ...token, transfer_count: 0 })),
      );
      this.#add("tokens", newTokens.length);
      const counted = this.#prepared("update tokens set transfer_count = transfer_count + ? where address = ?");
      for (const [token, count] of parties.transfersOfToken) counted.run(count, bytesOf(token));
      this.#meet(parties.addresses, first);
    });
  }

  /** Takes the newest block out: a deep reorg goes block by block, and so in the memory of one. */
  removeTip(): void {
    const tip = this.tip();
    if (tip === null) return;
    const { number } = tip;
    const [from, to] = [idOf(number, 0), idOf(number + 1, 0)];
    const rows = {
      transactions: this.#rows("transactions", "id", [from, to]),
      calls: this.#rows("internal_calls", "transaction_id", [from, to]),
      transfers: this.#rows("transfers", "id", [from, to]),
    };
    const parties = partiesOf([rows]);
    this.#whole(() => {
      this.#remove("participants", parties.participants);
      this.#remove("internal_parties", parties.callParties);
      this.#remove("transfer_parties", parties.transferParties);
      const holding = this.#prepared("delete from holdings where address = ? and token = ? and first_block >= ?");
      for (const { address, token } of parties.holdings) holding.run(bytesOf(address), bytesOf(token), number);
      const counted = this.#prepared("update tokens set transfer_count = transfer_count - ? where address = ?");
      for (const [token, count] of parties.transfersOfToken) counted.run(count, bytesOf(token));
      this.#add("tokens", -Number(this.#prepared("delete from tokens where first_block >= ?").run(number).changes));
      const newcomer = this.#prepared("delete from addresses where address = ? and first_block >= ?");
      const known = this.#prepared("update addresses set transaction_count = transaction_count - ? where address = ?");
      for (const [address, { transactions }] of parties.addresses) {
        if (Number(newcomer.run(bytesOf(address), number).changes) > 0) this.#add("addresses", -1);
        else known.run(transactions, bytesOf(address));
      }
      for (const [table, column] of [
        ["transactions", "id"],
        ["internal_calls", "transaction_id"],
        ["transfers", "id"],
      ])
        this.#prepared(`delete from ${table} where ${column} >= ? and ${column} < ?`).run(from, to);
      this.#prepared("delete from blocks where number = ?").run(number);
      this.#add("transactions", -rows.transactions.length);
    });
  }

  close(): void {
    this.#database.close();
  }

  /** All of it or nothing. */
  #whole(write: () => void): void {
    this.#database.exec("begin immediate");
    try {
      write();
      this.#database.exec("commit");
    } catch (error) {
      this.#database.exec("rollback");
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #insert<T extends keyof IndexRows>(table: T, rows: readonly IndexRows[T][], conflict = ""): void {
    const columns: readonly string[] = COLUMNS[table];
    const places = columns.map(() => "?").join(", ");
    const statement = this.#prepared(`insert into ${table} (${columns.join(", ")}) values (${places}) ${conflict}`);
    for (const row of rows)
      statement.run(...columns.map((column) => stored(column, row[column as keyof IndexRows[T]])));
  }

  /** Rows that are told apart by all their columns. */
  #remove<T extends keyof IndexRows>(table: T, rows: readonly IndexRows[T][]): void {
    const columns: readonly string[] = COLUMNS[table];
    const statement = this.#prepared(
      `delete from ${table} where ${columns.map((name) => `${name} = ?`).join(" and ")}`,
    );
    for (const row of rows)
      statement.run(...columns.map((column) => stored(column, row[column as keyof IndexRows[T]])));
  }

  #rows<T extends keyof IndexRows>(table: T, column: string, [from, to]: readonly [number, number]): IndexRows[T][] {
    const found = this.#prepared(`select * from ${table} where ${column} >= ? and ${column} < ?`).all(from, to);
    return found.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? hexOf(value) : value]),
      ),
    ) as unknown as IndexRows[T][];
  }

  #add(total: string, count: number): void {
    this.#prepared("update totals set count = count + ? where name = ?").run(count, total);
  }

  /** Counts addresses' transactions. Whoever is not older than `first` was not known before. */
  #meet(addresses: ReturnType<typeof partiesOf>["addresses"], first: number): void {
    const meet = this.#prepared(`insert into addresses (address, first_block, transaction_count) values (?, ?, ?)
      on conflict do update set transaction_count = transaction_count + excluded.transaction_count returning first_block`);
    let fresh = 0;
    for (const [address, seen] of addresses) {
      const row = meet.get(bytesOf(address), seen.first, seen.transactions);
      if (Number(row?.first_block) >= first) fresh++;
    }
    this.#add("addresses", fresh);
  }
}

const stored = (column: string, value: unknown): SQLInputValue =>
  typeof value === "string" && isBytes(column) ? bytesOf(value as Hex) : (value as SQLInputValue);
