import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Generated, Kysely, sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SqliteWorkerDialect } from "../src/store/sqlite-dialect.ts";

interface Tables {
  notes: { id: Generated<number>; text: string };
}

let folder: string;
let db: Kysely<Tables>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "altlayer-store-"));
  db = new Kysely<Tables>({ dialect: new SqliteWorkerDialect({ file: join(folder, "store.db") }) });
  await sql`create table notes (id integer primary key, text text not null unique)`.execute(db);
});

afterEach(async () => {
  await db.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const texts = async () => (await db.selectFrom("notes").select("text").orderBy("id").execute()).map(({ text }) => text);
const write = (text: string, to: Kysely<Tables> = db) => to.insertInto("notes").values({ text }).execute();

test("who only reads does not wait for a transaction, and sees what was committed, nothing else", async () => {
  await write("before");
  const order: string[] = [];
  let other: Promise<unknown> = Promise.resolve();
  await db.transaction().execute(async (transaction) => {
    await write("in it", transaction);
    // Within the transaction what it wrote is there.
    const own = await transaction.selectFrom("notes").selectAll().execute();
    expect(own).toHaveLength(2);
    other = write("after").then(() => order.push("another's write"));
    // This would never return if it waited for the transaction, which waits for it.
    expect(await texts()).toEqual(["before"]);
    order.push("the transaction's end");
  });
  expect(await texts()).toContain("in it");
  await other;
  expect(order).toEqual(["the transaction's end", "another's write"]);
  expect(await texts()).toEqual(["before", "in it", "after"]);
});

test("a write that was answered is what the next read sees", async () => {
  for (let index = 0; index < 50; index++) {
    await write(`note ${index}`);
    expect(await texts()).toHaveLength(index + 1);
  }
});

test("a transaction that fails leaves nothing, and lets the next one have its turn", async () => {
  await write("taken");
  const failing = db.transaction().execute(async (transaction) => {
    await write("gone", transaction);
    await write("taken", transaction);
  });
  const next = db.transaction().execute(async (transaction) => await write("next", transaction));
  await expect(failing).rejects.toMatchObject({ code: "CONFLICT" });
  await next;
  await expect(write("taken")).rejects.toMatchObject({ code: "CONFLICT" });
  await write("last");
  expect(await texts()).toEqual(["taken", "next", "last"]);
});

test("two hundred transactions that read and then write lose none of their updates", async () => {
  await write("0");
  await Promise.all(
    Array.from({ length: 200 }, () =>
      db.transaction().execute(async (transaction) => {
        const { text } = await transaction.selectFrom("notes").select("text").executeTakeFirstOrThrow();
        await transaction
          .updateTable("notes")
          .set({ text: String(Number(text) + 1) })
          .execute();
      }),
    ),
  );
  expect(await texts()).toEqual(["200"]);
});

test("a file that cannot be opened is told by whoever asks for it", async () => {
  const nowhere = new Kysely<Tables>({
    dialect: new SqliteWorkerDialect({ file: join(folder, "no", "such", "folder.db") }),
  });
  await expect(nowhere.selectFrom("notes").selectAll().execute()).rejects.toMatchObject({ code: "STORE_FAILED" });
});
