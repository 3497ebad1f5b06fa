import { expect, test } from "vitest";
import { EngineError, type Hex, openEngine } from "../src/index.ts";
import {
  account,
  buildBlock,
  bytes,
  engineOptions,
  genesisJson,
  sign,
  temporaryDirectory,
  useEngine,
} from "./support/chain.ts";

test("ten engines run beside each other and know nothing of each other", async () => {
  await using stack = new AsyncDisposableStack();
  const engines = await Promise.all(
    Array.from({ length: 10 }, async () => stack.use(await useEngine({ genesis: { accounts: 3 } })).engine),
  );
  await Promise.all(
    engines.map(async (engine, index) => {
      for (let block = 0; block <= index; block++) {
        await engine.submit([bytes(await sign(account(0), { nonce: block, value: BigInt(index + 1) }))]);
        await buildBlock(engine);
      }
    }),
  );
  expect(engines.map((engine) => engine.heads().unsafe.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(new Set(engines.map((engine) => engine.heads().unsafe.hash)).size).toBe(10);
});

test("a directory belongs to one engine, and to one chain", async () => {
  await using home = await temporaryDirectory();
  {
    await using opened = await useEngine({ dir: home.dir });
    expect(opened.engine.heads().unsafe.number).toBe(0);
    await expect(openEngine(engineOptions(home.dir, genesisJson()))).rejects.toMatchObject({ code: "STATE_LOCKED" });
  }
  await expect(openEngine(engineOptions(home.dir, genesisJson({ accounts: 1 })))).rejects.toMatchObject({
    code: "STATE_GENESIS_MISMATCH",
  });
  await using opened = await useEngine({ dir: home.dir });
  expect(opened.engine.heads().unsafe.number).toBe(0);
});

test("malformed input is answered with a typed error, and the engine goes on", async () => {
  await expect(openEngine(engineOptions("/proc/nothing", genesisJson()))).rejects.toBeInstanceOf(EngineError);
  for (const genesis of ["", "{}", "[]", '{"config":{}}', "null"]) {
    await using home = await temporaryDirectory();
    await expect(openEngine(engineOptions(home.dir, genesis))).rejects.toMatchObject({
      code: "ENGINE_INVALID_GENESIS",
    });
  }
  await using opened = await useEngine();
  const { engine } = opened;
  const garbage: unknown[] = [null, 1, "", "0x", "zz", {}, [], { kind: "x" }, -1, 1e300, "0x".padEnd(66, "f")];
  for (const value of garbage) {
    const any = value as never;
    const results = await Promise.allSettled([
      engine.open(any, any),
      engine.open(engine.genesis.hash, any),
      engine.extend(any, any),
      engine.extend(1, any),
      engine.seal(any),
      engine.drop(any),
      engine.newPayload(any),
      engine.payloadByNumber(any),
      engine.payloadByHash(any),
      engine.messagePasserRoot(any),
      engine.query("eth_getBlockByNumber", JSON.stringify(value)),
      engine.query(String(value), "[]"),
    ]);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toHaveProperty("code");
    }
  }
  const random = (length: number, seed: number) =>
    Uint8Array.from({ length }, (_, index) => (index * 7919 + seed * 104_729 + ((index * seed) >> 3)) & 0xff);
  const results = await engine.submit(Array.from({ length: 300 }, (_, seed) => random(seed % 120, seed)));
  expect(results.every((result) => "error" in result)).toBe(true);
  expect((await buildBlock(engine)).blockNumber).toBe("0x1");
});

test("after closing, every call is refused and nothing hangs", async () => {
  await using opened = await useEngine();
  const { engine } = opened;
  const pending = Promise.allSettled([
    engine.query("eth_chainId", "[]"),
    engine.payloadByNumber(0),
    engine.submit([new Uint8Array(3)]),
  ]);
  await engine.close();
  await engine.close();
  for (const result of await pending) {
    if (result.status === "rejected") expect(result.reason).toHaveProperty("code");
  }
  await expect(engine.query("eth_chainId", "[]")).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
  await expect(engine.setHeads({ unsafe: "0x00" as Hex })).rejects.toMatchObject({ code: "ENGINE_CLOSED" });
});
