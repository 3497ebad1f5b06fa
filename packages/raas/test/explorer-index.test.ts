import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@altlayer/rollup";
import fc from "fast-check";
import { CompiledQuery, Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Explorer } from "../src/explorer/explorer.ts";
import { internalCallsOf, traceSchema } from "../src/explorer/internal-calls.ts";
import { findBlock, listBlocks, overview } from "../src/explorer/queries/blocks.ts";
import { search } from "../src/explorer/queries/search.ts";
import { addressSummary, listTokens, tokensOf } from "../src/explorer/queries/tokens.ts";
import {
  addressInternalCalls,
  addressTransactions,
  findTransaction,
  listTransactions,
} from "../src/explorer/queries/transactions.ts";
import { listTransfers } from "../src/explorer/queries/transfers.ts";
import { COLUMNS, type IndexRows, type IndexTables } from "../src/explorer/tables.ts";
import { clean } from "../src/explorer/token-metadata.ts";
import type { Hex } from "../src/spec/primitives.ts";
import { SqliteWorkerDialect } from "../src/store/sqlite-dialect.ts";
import { FakeChain, party } from "./fake-chain.ts";
import { until } from "./harness.ts";

const WAIT_MS = 60_000;

describe("the index", () => {
  let directory: string;
  let explorer: Explorer;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "altlayer-index-"));
    explorer = new Explorer({ fileOf: (id) => join(directory, `${id}.db`) }, { log: silentLogger });
  });
  afterAll(async () => {
    await explorer.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const upTo = async (id: string, chain: FakeChain) => {
    const db = await explorer.read(id);
    const tip = () =>
      sql<{ hash: string }>`select '0x' || lower(hex(hash)) as hash from blocks order by number desc limit 1`.execute(
        db,
      );
    await until(tip, ({ rows }) => rows[0]?.hash === chain.headHash, WAIT_MS);
    return db;
  };
  /** Everything that the index holds. */
  const contents = async (id: string, chain: FakeChain) => {
    const db = await upTo(id, chain);
    const tables = Object.keys(COLUMNS) as (keyof IndexRows)[];
    return await Promise.all(tables.map(async (table) => [table, await db.selectFrom(table).selectAll().execute()]));
  };
  const firstTransaction = async (id: string, chain: FakeChain, block: number) =>
    await findTransaction(await upTo(id, chain), chain.blocks[block]!.body.transactions[0]!.hash as `0x${string}`);

  test("after any reorgs, holds what one holds that saw the last chain only", async () => {
    let reorgs = 0;
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ depth: fc.nat({ max: 30 }), count: fc.integer({ min: 1, max: 45 }) }), {
          minLength: 1,
          maxLength: 4,
        }),
        async (moves) => {
          const chain = new FakeChain();
          const url = await chain.listen();
          const [followed, fresh] = [`followed${run}`, `fresh${run++}`];
          try {
            await explorer.start(followed, url);
            for (const { depth, count } of moves) {
              if (depth > 0 && chain.blocks.length > 1) reorgs++;
              chain.rewind(depth);
              chain.extend(count);
              await upTo(followed, chain);
            }
            await explorer.start(fresh, url);
            expect(await contents(followed, chain)).toEqual(await contents(fresh, chain));
          } finally {
            await explorer.forget(followed);
            await explorer.forget(fresh);
            chain.close();
          }
        },
      ),
      { numRuns: 4 },
    );
    expect(reorgs).toBeGreaterThan(0);
  }, 120_000);

  test("of another version is built anew", async () => {
    const chain = new FakeChain();
    chain.extend(3);
    try {
      const url = await chain.listen();
      await explorer.start("versioned", url);
      const before = await contents("versioned", chain);
      const old = await explorer.read("versioned");
      await explorer.stop("versioned");
      await sql`pragma user_version = 999`.execute(old);
      await sql`drop table tokens`.execute(old);
      await explorer.forget("versioned");
      await expect(explorer.read("versioned")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await explorer.start("versioned", url);
      expect(await contents("versioned", chain)).toEqual(before);
    } finally {
      chain.close();
    }
  }, 90_000);

  test("reads a block in pieces where the node's answer would be too large", async () => {
    const chain = new FakeChain();
    chain.extend(2, 900);
    try {
      const url = await chain.listen();
      await explorer.start("whole", url);
      const whole = await contents("whole", chain);
      chain.failing.set("eth_getBlockReceipts", -32003);
      await explorer.start("pieces", url);
      expect(await contents("pieces", chain)).toEqual(whole);
    } finally {
      chain.close();
    }
  }, 90_000);

  test("asks for less where a node does not answer so much at once", async () => {
    const chain = new FakeChain();
    chain.extend(30);
    chain.callsMax = 6;
    try {
      await explorer.start("little", await chain.listen());
      await upTo("little", chain);
    } finally {
      chain.close();
    }
  }, 90_000);

  test("waits for a busy node's trace, and says where there can be none", async () => {
    const chain = new FakeChain();
    try {
      chain.failing.set("debug_traceBlockByHash", -32005);
      await explorer.start("traced", await chain.listen());
      await until(
        async () => chain.asked.get("debug_traceBlockByHash") ?? 0,
        (times) => times >= 2,
        WAIT_MS,
      );
      chain.failing.clear();
      expect((await firstTransaction("traced", chain, 0)).internalCalls).toMatchObject([
        { kind: "call", valueWei: "3", position: 0 },
      ]);
      chain.failing.set("debug_traceBlockByHash", -32601);
      chain.extend(1);
      expect((await firstTransaction("traced", chain, 1)).internalCalls).toBeNull();
    } finally {
      chain.close();
    }
  }, 90_000);

  test("is read by keys and never from end to end, whatever is asked", async () => {
    const chain = new FakeChain();
    chain.extend(3);
    try {
      await explorer.start("planned", await chain.listen());
      await upTo("planned", chain);
      await explorer.stop("planned");
    } finally {
      chain.close();
    }
    const asked: Pick<CompiledQuery, "sql" | "parameters">[] = [];
    const file = join(directory, "planned.db");
    const db = new Kysely<IndexTables>({
      dialect: new SqliteWorkerDialect({ file }),
      log: ({ query }) => {
        asked.push(query);
      },
    });
    try {
      const [page, hash, address] = [
        { limit: 2, cursor: "2.1" },
        chain.blocks[1]!.body.transactions[0]!.hash as Hex,
        party(7),
      ];
      await overview(db);
      await listBlocks(db, { limit: 2, cursor: "2" });
      for (const id of ["1", chain.headHash]) await findBlock(db, id);
      for (const deposits of [true, false]) await listTransactions(db, { ...page, deposits });
      await listTransactions(db, { ...page, deposits: false, block: 1 });
      await findTransaction(db, hash);
      await addressTransactions(db, party(1), page);
      await addressInternalCalls(db, party(20), { limit: 2, cursor: "2.1.0" });
      for (const by of [{ address }, { token: party(100) }]) await listTransfers(db, by, page);
      await tokensOf(db, address);
      await addressSummary(db, address);
      await listTokens(db, { limit: 2, cursor: `1.${address}` });
      for (const text of ["1", hash, address, "gold"]) await search(db, text);
      const queries = [...asked];
      expect(queries.length).toBeGreaterThan(20);
      for (const { sql: text, parameters } of queries) {
        const { rows } = await db.executeQuery<{ detail: string }>(
          CompiledQuery.raw(`explain query plan ${text}`, [...parameters]),
        );
        // Of an hour's blocks, minutes are made; everything else comes in the order in which it is shown.
        const details = rows.map(({ detail }) => detail).filter((detail) => !/GROUP BY|minute/.test(detail));
        const bad = details.filter((detail) => /^SCAN (?!totals|blocks$|\()|TEMP B-TREE FOR ORDER/.test(detail));
        // The newest block is the first of a scan that ends there.
        const ends = !details.includes("SCAN blocks") || / limit | order by "number" desc$/.test(text);
        expect([text, bad, ends]).toEqual([text, [], true]);
      }
    } finally {
      await db.destroy();
    }
  }, 90_000);

  test("shows no control characters of a token's name", () => {
    expect(clean("US\u202eDC\u0000\u200b")).toBe("USDC");
    expect(clean("\u0007 ")).toBeNull();
    expect([...clean("x".repeat(1_000))!].length).toBe(64);
  });
});

describe("internal calls", () => {
  const [a, b, c] = [party(1), party(2), party(3)];
  const callsOf = (result: object) => internalCallsOf(traceSchema.parse([{ txHash: "0x1", result }])[0]!.result);

  test("are those that moved ether or made a contract, in the order of the trace", () => {
    const inner = { type: "CREATE2", from: b, to: c, value: "0x0" };
    const calls = [
      { type: "CALL", from: a, to: b, value: "0x2", calls: [inner] },
      { type: "CALL", from: a, to: b, value: "0x0" },
      { type: "STATICCALL", from: a, to: b },
      {
        type: "DELEGATECALL",
        from: a,
        to: b,
        value: "0x9",
        calls: [{ type: "SELFDESTRUCT", from: a, to: c, value: "0x7" }],
      },
    ];
    expect(callsOf({ type: "CALL", from: c, to: a, value: "0x1", calls })).toEqual([
      { kind: "call", sender: a, receiver: b, value: 2n },
      { kind: "create2", sender: b, receiver: c, value: 0n },
      { kind: "selfdestruct", sender: a, receiver: c, value: 7n },
    ]);
  });

  test("leave out what was undone with the call around it", () => {
    const moved = { type: "CALL", from: b, to: c, value: "0x2" };
    const undone = { type: "CALL", from: a, to: b, error: "execution reverted", calls: [moved] };
    expect(callsOf({ type: "CALL", from: c, to: a, calls: [undone] })).toEqual([]);
    expect(callsOf({ type: "CALL", from: c, to: a, error: "out of gas", calls: [moved] })).toEqual([]);
  });
});
