import { expect, test } from "vitest";
import type { Hex, SubmitResult } from "../src/index.ts";
import {
  account,
  buildBlock,
  bytes,
  CHAIN_ID,
  ETHER,
  GWEI,
  sign,
  temporaryDirectory,
  useEngine,
} from "./support/chain.ts";

const message = (result: SubmitResult | undefined) => (result && "error" in result ? result.error.message : "accepted");

test("refuses in go-ethereum's words, under its code", async () => {
  await using opened = await useEngine({ genesis: { balanceWei: ETHER } });
  const { engine } = opened;
  const say = async (raw: Hex) => {
    const [result] = await engine.submit([bytes(raw)]);
    if (result && "error" in result) expect(result.error.code).toBe(-32000);
    return message(result);
  };
  const from = account(0);
  expect(await say(await sign(from, { nonce: 0, maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: GWEI }))).toBe(
    "accepted",
  );
  expect(await say(await sign(from, { nonce: 0, maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: GWEI }))).toBe(
    "already known",
  );
  expect(await say(await sign(from, { nonce: 0, maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: 2n * GWEI }))).toBe(
    "replacement transaction underpriced",
  );
  expect(await say(await sign(from, { nonce: 0, maxFeePerGas: 11n * GWEI, maxPriorityFeePerGas: 2n * GWEI }))).toBe(
    "accepted",
  );
  expect(await say(await sign(account(1), { value: ETHER }))).toBe(
    "insufficient funds for gas * price + value: balance 1000000000000000000, tx cost 1000210000000000000, overshot 210000000000000",
  );
  expect(await say(await sign(account(1), { gas: 20_999n }))).toBe(
    "intrinsic gas too low: gas 20999, minimum needed 21000",
  );
  expect(await say(await sign(account(1), { gas: 60_000_001n }))).toBe("exceeds block gas limit");
  expect(await say(await sign(account(1), { chainId: 1 }))).toBe(
    `invalid sender: invalid chain id for signer: have 1 want ${CHAIN_ID}`,
  );
  expect(await say(await sign(account(1), { data: `0x${"00".repeat(131_072)}`, gas: 1_000_000n }))).toMatch(
    /^oversized data: transaction size \d+, limit 131072$/,
  );
  expect(await say(await sign(account(1), { to: null, data: `0x${"00".repeat(49_153)}`, gas: 1_000_000n }))).toBe(
    "max initcode size exceeded: code size 49153, limit 49152",
  );
  expect(await say("0x")).toBe("typed transaction too short");
  expect(await say("0x7e")).toBe("transaction type not supported");
  expect(await say("0x03c0")).toBe("transaction type not supported");
  expect(await say("0x04c0")).toBe("transaction type not supported: type 4 rejected, pool not yet in Prague");
  expect(await say("0xc0")).toMatch(/^rlp: /);
  await buildBlock(engine);
  expect(await say(await sign(from, { nonce: 0, value: 2n }))).toBe("nonce too low: next nonce 1, tx nonce 0");
});

test("counts the L1 fee and what is already pooled against the balance", async () => {
  await using opened = await useEngine({ genesis: { balanceWei: ETHER, l1BaseFee: 100_000n * GWEI } });
  const { engine } = opened;
  const [result] = await engine.submit([bytes(await sign(account(0), { value: ETHER - 210_000n * GWEI }))]);
  expect(message(result)).toMatch(
    /^insufficient funds for gas \* price \+ value: balance 1000000000000000000, tx cost /,
  );
  const [, second] = await engine.submit([
    bytes(await sign(account(1), { nonce: 0, value: ETHER / 2n })),
    bytes(await sign(account(1), { nonce: 1, value: ETHER / 2n })),
  ]);
  expect(message(second)).toMatch(/queued cost \d+, tx cost \d+, overshot \d+$/);
});

test("takes a gap only after it is filled, and the better tip first", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const late = await sign(account(0), { nonce: 1 });
  const poor = await sign(account(1), { maxPriorityFeePerGas: 1n });
  const rich = await sign(account(2), { maxPriorityFeePerGas: 2n * GWEI });
  await engine.submit([late, poor, rich].map(bytes));
  expect((await buildBlock(engine)).transactions).toEqual([rich, poor]);
  const early = await sign(account(0), { nonce: 0 });
  await engine.submit([bytes(early)]);
  expect((await buildBlock(engine)).transactions).toEqual([early, late]);
});

test("bounds the pool: the lowest tip goes", async () => {
  await using opened = await useEngine({ pool: { maxTransactions: 3, maxPerSender: 2 } });
  const { engine } = opened;
  const tip = (index: number, tipWei: bigint, nonce = 0) =>
    sign(account(index), { nonce, maxPriorityFeePerGas: tipWei });
  const [low, middle, high] = [await tip(0, 2n), await tip(1, 3n), await tip(2, 4n)];
  expect((await engine.submit([low, middle, high].map(bytes))).map(message)).toEqual([
    "accepted",
    "accepted",
    "accepted",
  ]);
  expect((await engine.submit([bytes(await tip(3, 1n))])).map(message)).toEqual(["transaction underpriced"]);
  const best = await tip(3, 9n);
  expect((await engine.submit([bytes(best)])).map(message)).toEqual(["accepted"]);
  expect((await buildBlock(engine)).transactions).toEqual([best, high, middle]);
  const results = await engine.submit(
    await Promise.all([0, 1, 2].map(async (nonce) => bytes(await tip(5, 5n, nonce)))),
  );
  expect(results.map(message)).toEqual(["accepted", "accepted", "account limit exceeded: pooled 2 txs"]);
});

test("survives a restart, without what was mined", async () => {
  await using home = await temporaryDirectory();
  const [mined, waiting, other] = [
    await sign(account(0)),
    await sign(account(0), { nonce: 1 }),
    await sign(account(1)),
  ];
  {
    await using opened = await useEngine({ dir: home.dir });
    await opened.engine.submit([bytes(mined)]);
    await buildBlock(opened.engine);
    await opened.engine.submit([waiting, other].map(bytes));
  }
  await using opened = await useEngine({ dir: home.dir });
  expect((await opened.engine.submit([bytes(waiting)])).map(message)).toEqual(["already known"]);
  expect((await buildBlock(opened.engine)).transactions).toEqual([waiting, other]);
});

test("answers a large batch in its order", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const raw = await Promise.all(
    Array.from({ length: 500 }, (_, index) => sign(account(index % 5), { nonce: Math.floor(index / 5) })),
  );
  const results = await engine.submit([...raw.map(bytes), new Uint8Array([1, 2, 3])]);
  expect(results.slice(0, 500).map(message)).toEqual(raw.map(() => "accepted"));
  expect(message(results[500])).toMatch(/^rlp: /);
  const payload = await buildBlock(engine);
  expect(payload.transactions).toHaveLength(500);
});
