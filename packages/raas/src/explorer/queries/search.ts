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

/** Ranges of indexes, not patterns: a pattern would look at every token there is. */
async function byName(db: IndexDatabase, text: string): Promise<Found[]> {
  const beginning = (column: "name" | "symbol") => {
    const compared = sql`${sql.ref(column)} collate nocase`;
    return db
      .selectFrom("tokens")
      .select(["address", "name", "symbol"])
      .where(sql<boolean>`${compared} >= ${text} and ${compared} < ${`${text}\u{10ffff}`}`)
      .limit(FOUND_MAX)
      .execute();
  };
  const found = (await Promise.all([beginning("name"), beginning("symbol")])).flat();
  const tokens = new Map(found.map((token) => [hexOf(token.address), token]));
  return [...tokens].slice(0, FOUND_MAX).map(([id, { name, symbol }]) => ({
    kind: "token",
    id,
    label: `${name ?? "?"} (${symbol ?? "?"})`,
  }));
}
