import { MountainRange, transactionLeaf } from "@altlayer/protocol";
import { concat, keccak256, numberToHex, stringToHex } from "viem";
import { expect, test } from "vitest";
import type { Engine, EngineEvent, Hex, PublishedSlice, UndoneSlices } from "../src/index.ts";
import {
  account,
  attributes,
  buildBlock,
  bytes,
  CHAIN_ID,
  sign,
  temporaryDirectory,
  useEngine,
} from "./support/chain.ts";
import { until } from "./support/until.ts";

const ZERO_HASH: Hex = `0x${"00".repeat(32)}`;
const keccakBytes = (data: Uint8Array) => keccak256(data, "bytes");
const POOL = { kind: "pool", brief: true } as const;

/** `BLOCKHASH(NUMBER - 1)` into slot 0, whoever calls. */
const ASKS_FOR_PARENT = "0x00000000000000000000000000000000000000bb";
const PARENT_HASH_CODE = "0x600143034060005500";

interface Log {
  readonly slices: PublishedSlice[];
  readonly undone: UndoneSlices[];
}

function record(engine: Engine): Log {
  const log: Log = { slices: [], undone: [] };
  engine.onEvent((event: EngineEvent) => {
    if (event.kind === "slice") log.slices.push(event);
    if (event.kind === "undone") log.undone.push(event);
  });
  return log;
}

/** The part of the engine that makes slices; ours has it. */
function slicing(engine: Engine) {
  if (!engine.slices) throw new TypeError("the engine makes no slices");
  return engine.slices;
}

async function submit(engine: Engine, ...raw: Hex[]): Promise<void> {
  for (const result of await engine.submit(raw.map(bytes))) expect(result).toHaveProperty("hash");
}

const pendingNonce = async (engine: Engine, address: Hex) =>
  JSON.parse(await engine.query("eth_getStorageAt", `["${address}","0x0","pending"]`)) as Hex;
const balance = async (engine: Engine, address: Hex, block: string) =>
  BigInt(JSON.parse(await engine.query("eth_getBalance", `["${address}","${block}"]`)) as Hex);

test("a slice is published with its receipts, and pending shows it before the block is sealed", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const slices = slicing(engine);
  const log = record(engine);
  await slices.watch(true);
  const { genesis } = engine;
  const to: Hex = "0x00000000000000000000000000000000000000aa";
  const { candidate } = await slices.open(genesis.hash, attributes(genesis.timestamp + 2), "journalled");

  const raw = await sign(account(0));
  const waiting = slices.submitSync(bytes(raw));
  await until(() => engine.query("txpool_status", "[]").then((status) => status.includes('"pending":"0x1"')));
  expect((await engine.extend(candidate, POOL)).includedCount).toBe(1);
  const receipt = JSON.parse(await waiting.receipt);
  expect(receipt).toMatchObject({
    transactionHash: keccak256(raw),
    status: "0x1",
    blockNumber: "0x1",
    blockHash: ZERO_HASH,
    transactionIndex: "0x0",
  });
  expect(await balance(engine, to, "pending")).toBe(1n);
  expect(await balance(engine, to, "latest")).toBe(0n);
  // Before the block is sealed, the chain does not have it.
  expect(await engine.query("eth_getTransactionReceipt", `["${keccak256(raw)}"]`)).toBe("null");

  await submit(engine, await sign(account(1)), await sign(account(1), { nonce: 1 }));
  await engine.extend(candidate, POOL);
  await until(() => log.slices.length === 2);
  expect(log.slices.map((slice) => [slice.index, slice.transactionCount])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(log.slices[1]?.previousId).toBe(log.slices[0]?.id);
  const flashblocks = log.slices.map(({ detail }) => JSON.parse(detail?.flashblock ?? "null"));
  expect(flashblocks[0]).toMatchObject({
    index: 0,
    base: { parent_hash: genesis.hash, block_number: "0x1" },
    diff: { transactions: [raw] },
    metadata: { block_number: 1, receipts: { [keccak256(raw)]: { Eip1559: { cumulativeGasUsed: "0x5208" } } } },
  });
  expect(flashblocks[1]).toMatchObject({ index: 1, diff: { transactions: { length: 2 } } });
  expect(flashblocks[1].base).toBeUndefined();
  // A transaction that is already in has its receipt at once.
  expect(JSON.parse(await slices.submitSync(bytes(raw)).receipt)).toEqual(receipt);

  const payload = await engine.seal(candidate, { brief: true });
  expect(payload.transactions).toHaveLength(1);
  await engine.setHeads({ unsafe: payload.blockHash });
  const sealed = JSON.parse(await slices.submitSync(bytes(raw)).receipt);
  expect(sealed).toEqual({ ...receipt, blockHash: payload.blockHash });
  expect((await engine.payloadByNumber(1))?.transactions).toHaveLength(3);
});

test("a slice id is what the specification says", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const log = record(engine);
  const at = attributes(engine.genesis.timestamp + 2);
  const { candidate } = await slicing(engine).open(engine.genesis.hash, at, "volatile");
  const raw = await sign(account(0));
  await submit(engine, raw);
  await engine.extend(candidate, POOL);
  await until(() => log.slices.length === 1);

  const word = (value: number | bigint) => numberToHex(value, { size: 32 });
  const attributesHash = keccak256(
    concat([
      word(at.timestamp),
      at.prevRandao,
      `0x${at.suggestedFeeRecipient.slice(2).padStart(64, "0")}`,
      at.parentBeaconBlockRoot,
      word(at.gasLimit),
      word(0),
      word(0),
      word(0),
      keccak256("0x"),
    ]),
  );
  // EIP-2718 receipt: type 2, rlp([1, 21000, bloom of nothing, no logs]).
  const receipt = concat(["0x02", "0xf90108", "0x01", "0x825208", "0xb90100", `0x${"00".repeat(256)}`, "0xc0"]);
  const expected = keccak256(
    concat([
      keccak256(stringToHex("altlayer.slice.v1")),
      word(CHAIN_ID),
      engine.genesis.hash,
      attributesHash,
      word(0),
      ZERO_HASH,
      keccak256(keccak256(raw)),
      keccak256(concat([ZERO_HASH, keccak256(receipt)])),
    ]),
  );
  expect(log.slices[0]?.id).toBe(expected);
});

test("the next block is built while the last one's root is computed, and waits where it needs the hash", async () => {
  const alloc = { [ASKS_FOR_PARENT]: { balance: "0x0", code: PARENT_HASH_CODE } };
  await using opened = await useEngine({ genesis: { alloc } });
  const { engine } = opened;
  const slices = slicing(engine);
  const log = record(engine);
  const { genesis } = engine;
  const one = await slices.open(genesis.hash, attributes(genesis.timestamp + 2), "journalled");
  await submit(engine, await sign(account(0)));
  await engine.extend(one.candidate, POOL);

  // Requests of one thread are served in their order: all of this reaches the writer before the seal is done.
  const held = slices.submitSync(bytes(await sign(account(0), { nonce: 1 })));
  await submit(engine, await sign(account(1), { to: ASKS_FOR_PARENT, gas: 100_000n, maxPriorityFeePerGas: 1n }));
  const sealing = engine.seal(one.candidate);
  const opening = slices.open({ candidate: one.candidate }, attributes(genesis.timestamp + 4), "journalled");
  const two = await opening;
  // Both may come in by now, or the second waits: it depends on whether the root is done.
  const before = (await engine.extend(two.candidate, POOL)).includedCount;
  const block = await sealing;
  await engine.setHeads({ unsafe: block.blockHash });
  // What was held back while the parent was sealed goes out with the parent, though nothing follows it.
  if (before > 0) expect(JSON.parse(await held.receipt)).toMatchObject({ blockNumber: "0x2", blockHash: ZERO_HASH });
  const after = (await engine.extend(two.candidate, POOL)).includedCount;
  expect(before + after).toBe(2);
  const next = await engine.seal(two.candidate);
  expect(next.parentHash).toBe(block.blockHash);
  await engine.setHeads({ unsafe: next.blockHash });
  expect(await pendingNonce(engine, ASKS_FOR_PARENT)).toBe(block.blockHash);
  await until(() => log.slices.some((slice) => slice.number === 2));
  expect(log.slices.filter((slice) => slice.number === 2).every((slice) => slice.parentHash === block.blockHash)).toBe(
    true,
  );

  // The same block by another engine, which knows its parent's hash from the start.
  await using other = await useEngine({ genesis: { alloc } });
  for (const payload of [block, next]) {
    expect(await other.engine.newPayload(payload)).toMatchObject({ status: "VALID" });
  }
});

test("slices whose block does not come are undone: pooled again in their order", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const slices = slicing(engine);
  const log = record(engine);
  const { genesis } = engine;
  const { candidate } = await slices.open(genesis.hash, attributes(genesis.timestamp + 2), "journalled");
  // In the order in which the sequencer took them: one slice each, whatever they pay.
  const order = [await sign(account(3)), await sign(account(4), { maxPriorityFeePerGas: 5n }), await sign(account(5))];
  for (const raw of order) {
    await submit(engine, raw);
    await engine.extend(candidate, POOL);
  }
  await submit(
    engine,
    await sign(account(6), { maxFeePerGas: 90n * 10n ** 9n, maxPriorityFeePerGas: 80n * 10n ** 9n }),
  );
  await engine.drop(candidate);
  await until(() => log.undone.length === 1);
  expect(log.undone[0]).toMatchObject({ number: 1, parentHash: genesis.hash, slices: 3, lost: [] });
  const payload = await buildBlock(engine);
  expect(payload.transactions.slice(0, 3)).toEqual(order);
  expect(payload.transactions).toHaveLength(4);
});

test("an orderly stop leaves a half-built block, and the next start goes on with it", async () => {
  await using home = await temporaryDirectory();
  const raw = [await sign(account(0)), await sign(account(1)), await sign(account(2))];
  const ids: Hex[] = [];
  let opened: { parentHash: Hex; timestamp: number };
  {
    await using first = await useEngine({ dir: home.dir });
    const { engine } = first;
    const slices = slicing(engine);
    const log = record(engine);
    const { genesis } = engine;
    opened = { parentHash: genesis.hash, timestamp: genesis.timestamp + 2 };
    const { candidate } = await slices.open(genesis.hash, attributes(opened.timestamp), "journalled");
    for (const one of raw) {
      await submit(engine, one);
      await engine.extend(candidate, POOL);
    }
    await until(() => log.slices.length === 3);
    ids.push(...log.slices.map((slice) => slice.id));
  }
  await using second = await useEngine({ dir: home.dir });
  const { engine } = second;
  const slices = slicing(engine);
  const log = record(engine);
  const resumed = await slices.resume();
  expect(resumed).toMatchObject({ parentHash: opened.parentHash, attributes: { timestamp: opened.timestamp } });
  expect(resumed?.transactionCount).toBe(3);
  if (!resumed) return;
  await until(() => log.slices.length === 3);
  expect(log.slices.map((slice) => slice.id)).toEqual(ids);
  expect(await slices.resume()).toBeNull();
  await submit(engine, await sign(account(4)));
  await engine.extend(resumed.candidate, POOL);
  const payload = await engine.seal(resumed.candidate);
  expect(payload.transactions.slice(0, 3)).toEqual(raw);
  expect(payload.transactions).toHaveLength(4);
});

test("a block that was given up is not resumed", async () => {
  await using home = await temporaryDirectory();
  {
    await using first = await useEngine({ dir: home.dir });
    const { engine } = first;
    const { genesis } = engine;
    const { candidate } = await slicing(engine).open(genesis.hash, attributes(genesis.timestamp + 2), "journalled");
    await submit(engine, await sign(account(0)));
    await engine.extend(candidate, POOL);
    await engine.drop(candidate);
  }
  await using second = await useEngine({ dir: home.dir });
  expect(await slicing(second.engine).resume()).toBeNull();
  expect((await buildBlock(second.engine)).transactions).toHaveLength(1);
});

test("who stops waiting is forgotten, and refusals come at once", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const slices = slicing(engine);
  const raw = await sign(account(0));
  slices.submitSync(bytes(raw)).cancel();
  await expect(slices.submitSync(bytes(await sign(account(1), { chainId: 5 }))).receipt).rejects.toMatchObject({
    code: -32000,
  });
  await expect(slices.submitSync(bytes("0x02c0")).receipt).rejects.toMatchObject({ code: -32000 });
  expect((await buildBlock(engine)).transactions).toHaveLength(1);
});

test("what waits behind a gap is pooled, and its submitter told so at once (EIP-7966's error 5)", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const slices = slicing(engine);
  const raw = await sign(account(0), { nonce: 1 });
  const notReady = { code: 5, data: keccak256(raw) };
  await expect(slices.submitSync(bytes(raw)).receipt).rejects.toMatchObject(notReady);
  await expect(slices.submitSync(bytes(raw)).receipt).rejects.toMatchObject(notReady);
  await submit(engine, await sign(account(0)));
  const again = slices.submitSync(bytes(raw));
  expect((await buildBlock(engine)).transactions).toHaveLength(2);
  expect(JSON.parse(await again.receipt)).toMatchObject({ transactionHash: keccak256(raw), status: "0x1" });
});

test("pool events name hashes only while somebody watches the pool", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const named: (readonly string[])[] = [];
  engine.onEvent((event) => event.kind === "pooled" && named.push(event.hashes));
  const [first, second, third] = await Promise.all([0, 1, 2].map((nonce) => sign(account(0), { nonce })));
  await submit(engine, first!);
  // Not awaited: what is handed in behind the call is named.
  const watched = engine.watchPool(true);
  await submit(engine, second!);
  await watched;
  await engine.watchPool(false);
  await submit(engine, third!);
  expect(named).toEqual([[], [keccak256(second!)], []]);
});

test("a slice carries the range root of all transactions so far, and a block has the range of its receipts", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const log = record(engine);
  const slices = slicing(engine);
  const { candidate } = await slices.open(engine.genesis.hash, attributes(engine.genesis.timestamp + 2), "journalled");
  const raw = await Promise.all([0, 1, 2, 3, 4].map((i) => sign(account(i))));
  for (const cut of [raw.slice(0, 2), raw.slice(2, 3), raw.slice(3)]) {
    await engine.extend(candidate, { kind: "transactions", transactions: cut });
  }
  const { blockHash } = await engine.seal(candidate);
  await until(() => log.slices.length === 3);

  const receipts: Hex[] = JSON.parse(await engine.query("debug_getRawReceipts", `["${blockHash}"]`));
  const range = new MountainRange({ keccak256: keccakBytes });
  const leaves = raw.map((each, i) => transactionLeaf(keccak256(each), keccak256(receipts[i] as Hex), keccakBytes));
  for (const leaf of leaves) range.append(leaf);
  expect(log.slices.map((slice) => [slice.transactionCountTotal, slice.transactionRoot])).toEqual(
    [2, 3, 5].map((count) => [count, range.root(count)]),
  );
  expect(await engine.transactionLeaves(blockHash)).toEqual(leaves);
  expect(await engine.transactionRange(blockHash)).toEqual({ count: 5, root: range.root() });
  expect(await engine.transactionRange(engine.genesis.hash)).toEqual({ count: 0, root: ZERO_HASH });
  expect(await engine.transactionRange(ZERO_HASH)).toBeNull();
  expect(await engine.transactionLeaves(ZERO_HASH)).toBeNull();
});
