import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@altlayer/rollup";
import fc from "fast-check";
import { sql } from "kysely";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import { Explorer } from "../src/explorer/explorer.ts";
import type { IndexTables } from "../src/explorer/tables.ts";
import { clean } from "../src/explorer/token-metadata.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, startL1, startTestPlatform, until } from "./harness.ts";

const TABLES: readonly (keyof IndexTables)[] = [
  "blocks",
  "transactions",
  "participants",
  "addresses",
  "transfers",
  "tokens",
];
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const hash = () => `0x${randomBytes(32).toString("hex")}`;
const hex = (value: number) => `0x${value.toString(16)}`;
const party = (n: number) => `0x${n.toString(16).padStart(40, "a")}`;

interface FakeBlock {
  readonly body: Record<string, unknown>;
  readonly receipts: Record<string, unknown>[];
}

/** A chain that can be rewritten, behind a node's JSON-RPC. */
class FakeChain {
  blocks: FakeBlock[] = [];
  readonly #server: Server;

  constructor() {
    this.extend(1);
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const calls = JSON.parse(Buffer.concat(chunks).toString()) as {
          id: number;
          method: string;
          params: string[];
        }[];
        response.end(
          JSON.stringify(calls.map(({ id, method, params }) => ({ id, result: this.#answer(method, params[0]) }))),
        );
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  rewind(depth: number): void {
    this.blocks.length = Math.max(1, this.blocks.length - depth);
  }

  extend(count: number): void {
    for (let made = 0; made < count; made++) {
      const number = this.blocks.length;
      const transactionHash = hash();
      const random = randomBytes(3);
      this.blocks.push({
        body: {
          number: hex(number),
          hash: hash(),
          parentHash: this.blocks.at(-1)?.body.hash ?? hash(),
          timestamp: hex(1_700_000_000 + number),
          gasUsed: hex(21_000),
          gasLimit: hex(30_000_000),
          baseFeePerGas: "0x7",
          size: "0x200",
          transactions: [
            {
              hash: transactionHash,
              from: party(random[0]! % 5),
              to: party(random[1]! % 5),
              value: "0x1",
              input: "0x",
              type: "0x2",
            },
          ],
        },
        receipts: [
          {
            transactionHash,
            status: "0x1",
            gasUsed: "0x5208",
            effectiveGasPrice: "0x8",
            logs: [
              {
                address: party(100 + (random[2]! % 3)),
                topics: [
                  TRANSFER,
                  `0x${party(random[0]! % 5)
                    .slice(2)
                    .padStart(64, "0")}`,
                  `0x${party(7).slice(2).padStart(64, "0")}`,
                ],
                data: `0x${"0".repeat(63)}5`,
                logIndex: "0x0",
              },
            ],
          },
        ],
      });
    }
  }

  #answer(method: string, tag: string | undefined): unknown {
    if (method === "eth_blockNumber") return hex(this.blocks.length - 1);
    if (method === "eth_call") return "0x";
    const block = this.blocks[Number(tag)];
    return (method === "eth_getBlockReceipts" ? block?.receipts : block?.body) ?? null;
  }
}

describe("the index", () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "altlayer-index-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("after any reorgs, holds what one holds that saw the last chain only", async () => {
    const explorer = new Explorer({ fileOf: (id) => join(directory, `${id}.db`) }, { log: silentLogger });
    const contents = async (id: string, chain: FakeChain) => {
      const db = await explorer.read(id);
      const tip = () => db.selectFrom("blocks").select(["number", "hash"]).orderBy("number", "desc").executeTakeFirst();
      await until(tip, (row) => row?.hash === chain.blocks.at(-1)?.body.hash);
      return await Promise.all(TABLES.map((table) => db.selectFrom(table).selectAll().execute()));
    };
    let reorgs = 0;
    let run = 0;
    try {
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
                await contents(followed, chain);
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
    } finally {
      await explorer.close();
    }
  }, 60_000);

  test("of another version is built anew", async () => {
    const explorer = new Explorer({ fileOf: (id) => join(directory, `${id}.db`) }, { log: silentLogger });
    const chain = new FakeChain();
    chain.extend(3);
    try {
      await explorer.start("versioned", await chain.listen());
      const old = await explorer.read("versioned");
      await sql`pragma user_version = 999`.execute(old);
      await sql`drop table tokens`.execute(old);
      await explorer.forget("versioned");
      const db = await explorer.read("versioned");
      expect(await db.selectFrom("tokens").selectAll().execute()).toEqual([]);
    } finally {
      await explorer.close();
      chain.close();
    }
  });

  test("shows no control characters of a token's name", () => {
    expect(clean("US\u202eDC\u0000\u200b")).toBe("USDC");
    expect(clean("\u0007 ")).toBeNull();
    expect([...clean("x".repeat(1_000))!].length).toBe(64);
  });
});

/** A token by the rules of nobody: any call of four bytes is answered by a script, any other moves five of it. */
const NAME = "<script>alert(1)</script>";
const TOKEN = "0x00000000000000000000000000000000000c0ffe";
const CODE = `0x600436146037576005600052600035337f${TRANSFER.slice(2)}60206000a3005b602060005260${Buffer.from([NAME.length]).toString("hex")}6020527f${Buffer.from(NAME).toString("hex").padEnd(64, "0")}60405260606000f3`;
const OWNER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const RECEIVER = "0x00000000000000000000000000000000000bbbbb";

describe("a real rollup's explorer", () => {
  let l1: Anvil;
  let at: TestPlatform;
  let base: string;

  beforeAll(async () => {
    l1 = await startL1();
    at = await startTestPlatform({ rpcUrl: l1.url });
  });
  afterAll(async () => {
    await at?.close();
    await l1?.stop();
    if (at) rmSync(at.dataDir, { recursive: true, force: true });
  });

  test("tells blocks, transactions, addresses and a hostile token as they are", async () => {
    const spec = newSpec("explored-one");
    const genesis = { ...spec.genesis, contracts: [{ address: TOKEN, code: CODE }] };
    const made = await at.owner.ask("POST", `/teams/${at.teamId}/rollups`, { spec: { ...spec, genesis } });
    expect(made.status).toBe(201);
    const path = `/teams/${at.teamId}/rollups/${made.body.id}`;
    const { body: rollup } = await until(
      () => at.owner.ask("GET", path),
      ({ body }) => body.phase === "running",
    );
    base = `${path}/explorer`;
    const account = privateKeyToAccount(OWNER_KEY);
    const wallet = createWalletClient({ account, transport: http(rollup.endpoints.rpc) });
    const sent = await wallet.sendTransaction({ to: RECEIVER, value: 7n, chain: null });
    const moved = await wallet.sendTransaction({
      to: TOKEN,
      data: `0x${RECEIVER.slice(2).padStart(64, "0")}`,
      chain: null,
    });
    const plain = await until(
      () => at.owner.ask("GET", `${base}/transactions/${sent}`),
      ({ status }) => status === 200,
    );
    expect(plain.body).toMatchObject({
      from: account.address.toLowerCase(),
      to: RECEIVER,
      valueWei: "7",
      status: 1,
      deposit: false,
      transfers: [],
      nonce: 0,
    });
    const transfer = await until(
      () => at.owner.ask("GET", `${base}/transactions/${moved}`),
      ({ status }) => status === 200,
    );
    expect(transfer.body.transfers).toMatchObject([{ token: TOKEN, to: RECEIVER, value: "5", kind: "erc20" }]);
    expect(transfer.body.logs).toHaveLength(1);
    const token = await at.owner.ask("GET", `${base}/tokens/${TOKEN}`);
    expect(token.body).toMatchObject({ name: NAME, decimals: null, transferCount: 1 });
    const trace = await at.owner.ask("GET", `${base}/transactions/${moved}/trace`);
    expect(trace.body).toMatchObject({ type: "CALL", to: TOKEN });
    const address = await at.owner.ask("GET", `${base}/addresses/${RECEIVER}`);
    expect(address.body).toMatchObject({ balanceWei: "7", isContract: false, transactionCount: 1, token: null });
    const own = await at.owner.ask("GET", `${base}/addresses/${account.address}/transactions?limit=1`);
    expect([own.body.items[0].hash, own.body.nextCursor === null]).toEqual([moved, false]);
    const next = await at.owner.ask(
      "GET",
      `${base}/addresses/${account.address}/transactions?limit=1&cursor=${own.body.nextCursor}`,
    );
    expect([next.body.items[0].hash, next.body.nextCursor]).toEqual([sent, null]);
    const users = await at.owner.ask("GET", `${base}/transactions?deposits=false`);
    expect(users.body.items.map((item: { hash: string }) => item.hash)).toEqual([moved, sent]);
    const block = await at.owner.ask("GET", `${base}/blocks/${plain.body.blockHash}`);
    expect(block.body).toMatchObject({ number: plain.body.blockNumber });
    const found = await at.owner.ask("GET", `${base}/search?q=${encodeURIComponent("<scr")}`);
    expect(found.body.items).toMatchObject([{ kind: "token", id: TOKEN }]);
    expect((await at.owner.ask("GET", `${base}/search?q=${encodeURIComponent("%")}`)).body.items).toEqual([]);
    expect((await at.owner.ask("GET", `${base}/overview`)).body).toMatchObject({ tokens: 1 });
  });
});
