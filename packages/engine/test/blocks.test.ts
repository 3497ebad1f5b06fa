import { keccak256 } from "viem";
import { expect, test } from "vitest";
import { EngineError, type EngineEvent, type Hex } from "../src/index.ts";
import {
  account,
  attributes,
  buildBlock,
  buildSideBlock,
  bytes,
  sign,
  temporaryDirectory,
  useEngine,
} from "./support/chain.ts";

/** Three syncs of the journals a block, one after the other: what others do with the disk makes each take tens of milliseconds. */
const HUNDRED_BLOCKS_MS = 180_000;

test("builds a hundred blocks, and finds them again after a restart", { timeout: HUNDRED_BLOCKS_MS }, async () => {
  await using home = await temporaryDirectory();
  const hashes: Hex[] = [];
  {
    await using opened = await useEngine({ dir: home.dir });
    const { engine } = opened;
    expect(engine.heads().unsafe).toEqual(engine.genesis);
    for (let block = 0; block < 100; block++) {
      const results = await engine.submit([bytes(await sign(account(block % 20), { nonce: Math.floor(block / 20) }))]);
      expect(results).toEqual([{ hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) }]);
      const payload = await buildBlock(engine);
      expect(payload.transactions).toHaveLength(1);
      hashes.push(payload.blockHash);
    }
    await engine.setHeads({ unsafe: hashes[99]!, safe: hashes[89]!, finalized: hashes[79]! });
  }
  await using opened = await useEngine({ dir: home.dir });
  const { engine } = opened;
  expect(engine.heads().unsafe).toMatchObject({ number: 100, hash: hashes[99] });
  expect(engine.heads().safe).toMatchObject({ number: 90, hash: hashes[89] });
  expect(engine.heads().finalized).toMatchObject({ number: 80, hash: hashes[79] });
  expect((await engine.payloadByNumber(42))?.blockHash).toBe(hashes[41]);
  expect((await engine.payloadByHash(hashes[99]!))?.blockNumber).toBe("0x64");
  expect(await engine.payloadByNumber(101)).toBeNull();
  const next = await buildBlock(engine);
  expect(next.parentHash).toBe(hashes[99]);
});

test("a block built from slices is the block that newPayload accepts elsewhere", async () => {
  await using ours = await useEngine();
  await using theirs = await useEngine();
  const transactions = await Promise.all([0, 1, 2].map((index) => sign(account(index))));
  const { candidate } = await ours.engine.open(ours.engine.genesis.hash, attributes(ours.engine.genesis.timestamp + 2));
  for (const raw of transactions) {
    const slice = await ours.engine.extend(candidate, { kind: "transactions", transactions: [raw] });
    expect(slice.included).toEqual([{ hash: keccak256(raw), gasUsed: 21_000, success: true }]);
    expect(slice.rejected).toEqual([]);
  }
  const again = await ours.engine.extend(candidate, { kind: "transactions", transactions: [transactions[0]!, "0x02"] });
  expect(again.included).toEqual([]);
  expect(again.rejected.map((rejected) => rejected.code)).toEqual(["NONCE_TOO_LOW", "MALFORMED"]);
  expect(again.transactionCount).toBe(3);
  const payload = await ours.engine.seal(candidate);
  expect(payload.transactions).toEqual(transactions);

  expect(await theirs.engine.newPayload(payload)).toEqual({ status: "VALID", latestValidHash: payload.blockHash });
  expect(theirs.engine.heads().unsafe.number).toBe(0);
  const change = await theirs.engine.setHeads({ unsafe: payload.blockHash });
  expect(change?.added.map((block) => block.hash)).toEqual([payload.blockHash]);
  expect(theirs.engine.heads().unsafe.hash).toBe(payload.blockHash);
});

test("judges payloads as the Engine API does", async () => {
  await using ours = await useEngine();
  await using theirs = await useEngine();
  const first = await buildBlock(ours.engine);
  const second = await buildBlock(ours.engine);
  expect(await theirs.engine.newPayload(second)).toEqual({ status: "SYNCING" });
  expect(await theirs.engine.setHeads({ unsafe: second.blockHash })).toBeNull();
  expect(await theirs.engine.newPayload({ ...first, gasUsed: "0x1" })).toMatchObject({
    status: "INVALID",
    latestValidHash: null,
  });
  expect(await theirs.engine.newPayload(first)).toMatchObject({ status: "VALID" });
  expect(await theirs.engine.newPayload(second)).toMatchObject({ status: "VALID" });
});

test("several candidates live side by side, and dropping one leaves the others alone", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  await engine.submit([bytes(await sign(account(0)))]);
  const at = attributes(engine.genesis.timestamp + 2);
  const [one, two, three] = await Promise.all([
    engine.open(engine.genesis.hash, at),
    engine.open(engine.genesis.hash, { ...at, timestamp: at.timestamp + 2 }),
    engine.open(engine.genesis.hash, at),
  ]);
  for (const { candidate } of [one, two, three]) {
    expect((await engine.extend(candidate, { kind: "pool" })).included).toHaveLength(1);
  }
  await engine.drop(two.candidate);
  await expect(engine.extend(two.candidate, { kind: "pool" })).rejects.toMatchObject({
    code: "ENGINE_UNKNOWN_CANDIDATE",
  });
  const [sealed, same] = [await engine.seal(one.candidate), await engine.seal(three.candidate)];
  expect(sealed.blockHash).toBe(same.blockHash);
});

test("budgets bound an extension", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  await engine.submit(await Promise.all([0, 1, 2, 3].map(async (index) => bytes(await sign(account(index))))));
  const { candidate } = await engine.open(engine.genesis.hash, attributes(engine.genesis.timestamp + 2));
  expect((await engine.extend(candidate, { kind: "pool", maxGas: 42_000 })).included).toHaveLength(2);
  expect((await engine.extend(candidate, { kind: "pool", maxBytes: 0 })).included).toHaveLength(0);
  expect((await engine.extend(candidate, { kind: "pool", maxMs: 0 })).included).toHaveLength(0);
  const rest = await engine.extend(candidate, { kind: "pool" });
  expect(rest.included).toHaveLength(2);
  expect(rest).toMatchObject({ gasUsed: 84_000, transactionCount: 4 });
});

test("a reorg puts dropped transactions back, in their order", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const events: EngineEvent[] = [];
  engine.onEvent((event) => events.push(event));
  // The later one pays more: by price alone it would come first.
  const cheap = await sign(account(0), { maxPriorityFeePerGas: 1n });
  const rich = await sign(account(1), { maxPriorityFeePerGas: 5_000_000_000n });
  await engine.submit([bytes(cheap)]);
  const first = await buildBlock(engine);
  await engine.submit([bytes(rich)]);
  const second = await buildBlock(engine);
  expect([...first.transactions, ...second.transactions]).toEqual([cheap, rich]);

  const other = await buildSideBlock(engine, engine.genesis, {
    noTxPool: true,
    timestamp: engine.genesis.timestamp + 4,
  });
  const change = await engine.setHeads({ unsafe: other.blockHash });
  expect(change?.dropped.map((block) => block.hash)).toEqual([first.blockHash, second.blockHash]);
  expect(change?.added.map((block) => block.hash)).toEqual([other.blockHash]);
  expect(events.at(-1)).toMatchObject({ kind: "heads", change: { heads: { unsafe: { hash: other.blockHash } } } });
  const next = await buildBlock(engine);
  expect(next.transactions).toEqual([cheap, rich]);

  // And back: what the old chain holds leaves the pool again.
  await engine.setHeads({ unsafe: second.blockHash });
  expect((await buildBlock(engine)).transactions).toEqual([]);
});

test("refuses bad attributes and forced transactions with typed errors", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const { genesis } = engine;
  const at = attributes(genesis.timestamp + 2);
  const code = (work: Promise<unknown>) => expect(work).rejects;
  await code(engine.open(genesis.hash, { ...at, timestamp: genesis.timestamp })).toMatchObject({
    code: "INVALID_ATTRIBUTES",
  });
  await code(engine.open(genesis.hash, { ...at, gasLimit: 0 })).toMatchObject({ code: "INVALID_ATTRIBUTES" });
  await code(engine.open(genesis.hash, { ...at, transactions: ["0x7e"] })).toMatchObject({
    code: "INVALID_TRANSACTION",
  });
  const future = await sign(account(0), { nonce: 7 });
  await code(engine.open(genesis.hash, { ...at, transactions: [future] })).toMatchObject({
    code: "INVALID_TRANSACTION",
  });
  await code(engine.open(`0x${"11".repeat(32)}`, at)).toMatchObject({ code: "STATE_UNKNOWN_BLOCK" });
  await code(engine.open("0x12" as Hex, at)).toBeInstanceOf(EngineError);
  expect((await buildBlock(engine)).blockNumber).toBe("0x1");
});
