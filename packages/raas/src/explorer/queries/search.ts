import { sql } from "kysely";
import type { Hex } from "../../spec/primitives.ts";
import type { IndexDatabase } from "../tables.ts";
import { bytesOf, hexOf } from "../tables.ts";
import { findToken } from "./tokens.ts";

const FOUND_MAX = 10;

interface Found {
  readonly kind: "block" | "transaction" | "address" | "token";
  readonly id: string;
  readonly label: string;
}

/** What a text could mean: a block's number, a hash, an address, or the beginning of a token's name or symbol. */
export async function search(db: IndexDatabase, text: string): Promise<{ readonly items: readonly Found[] }> {
  const lower = text.toLowerCase() as Hex;
  if (/^\d{1,15}$/.test(text)) {
    const block = await db.selectFrom("blocks").select("number").where("number", "=", Number(text)).executeTakeFirst();
    if (block !== undefined) return { items: [{ kind: "block", id: text, label: `Block ${text}` }] };
  }
  if (/^0x[0-9a-f]{64}$/.test(lower)) return { items: await byHash(db, lower) };
  if (/^0x[0-9a-f]{40}$/.test(lower)) {
    const token = await findToken(db, lower);
    const named: Found[] = token === null ? [] : [{ kind: "token", id: lower, label: token.name ?? "Token" }];
    return { items: [...named, { kind: "address", id: lower, label: "Address" }] };
  }
  return { items: await byName(db, text) };
}

async function byHash(db: IndexDatabase, hash: Hex): Promise<Found[]> {
  const [transaction, block] = await Promise.all([
    db.selectFrom("transactions").select("id").where("hash", "=", bytesOf(hash)).executeTakeFirst(),
    db.selectFrom("blocks").select("number").where("hash", "=", bytesOf(hash)).executeTakeFirst(),
  ]);
  return [
    ...(transaction === undefined ? [] : [{ kind: "transaction" as const, id: hash, label: "Transaction" }]),
    ...(block === undefined ? [] : [{ kind: "block" as const, id: hash, label: "Block" }]),
  ];
}

/** A range of an index, not a pattern: a pattern would look at every token there is. */
async function byName(db: IndexDatabase, text: string): Promise<Found[]> {
  const end = `${text}\u{10ffff}`;
  const { rows } = await sql<{ address: Uint8Array; name: string | null; symbol: string | null }>`
    select address, name, symbol from (
      select * from (select address, name, symbol from tokens where name collate nocase >= ${text} and name collate nocase < ${end} limit ${FOUND_MAX})
      union
      select * from (select address, name, symbol from tokens where symbol collate nocase >= ${text} and symbol collate nocase < ${end} limit ${FOUND_MAX})
    ) limit ${FOUND_MAX}`.execute(db);
  return rows.map(({ address, name, symbol }) => ({
    kind: "token",
    id: hexOf(address),
    label: `${name ?? "?"} (${symbol ?? "?"})`,
  }));
}
