import { createPublicClient, type Hex, webSocket } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, clientOf, codeOf, headIs, RECEIVER, raw, until } from "./support/ask.ts";
import { type CertifiedChain, FIRST, startCertifiedChain } from "./support/certified-chain.ts";

let chain: CertifiedChain;
beforeAll(async () => {
  chain = await startCertifiedChain();
}, 60_000);
afterEach(() => chain.reset());
afterAll(() => chain?.stop());

describe("the breaker", () => {
  test("a void certificate stops everything, and the L1's settlement starts it again", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    chain.voidAt(FIRST);
    await until("it trips", () => proxy.status().tripped !== null);
    for (const [method, params] of [
      ["eth_blockNumber", []],
      ["eth_call", [{ to: RECEIVER }, "latest"]],
      ["eth_getBlockByNumber", ["finalized", false]],
      ["eth_getBlockByNumber", ["0x1", false]],
      ["eth_getLogs", [{}]],
    ] as const) {
      const { error } = await raw(proxy, ask(method, params));
      expect(error, method).toMatchObject({ code: -32002, data: { code: "TRIPPED", reason: "CERTIFICATE_VOID" } });
    }
    // A newer certificate with a base below the block in question says nothing about it.
    await chain.certify(FIRST + 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await codeOf(proxy, "eth_blockNumber")).toBe("TRIPPED");
    await chain.certify(FIRST + 2, { baseHeight: FIRST });
    await headIs(proxy, FIRST + 2);
    expect((await raw(proxy, ask("eth_blockNumber"))).result).toBe(`0x${(FIRST + 2).toString(16)}`);
  });

  test("a certified block that the upstream's chain no longer has", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const other = await chain.l2.request({ method: "eth_getBlockByNumber", params: ["0x1", false] });
    chain.lies.set("eth_getBlockByNumber", () => other);
    await until("it trips", () => proxy.status().tripped?.code === "CERTIFIED_BLOCK_REPLACED");
    expect(await codeOf(proxy, "eth_gasPrice")).toBe("answered");
    expect(await codeOf(proxy, "eth_blockNumber")).toBe("TRIPPED");
  });

  test("a verified certificate of a chain without the last certified block", async () => {
    await chain.certify(FIRST + 1);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST + 1);
    await chain.certify(FIRST + 1, { blockHash: await chain.hashAt(FIRST) });
    await until("it trips", () => proxy.status().tripped?.code === "CERTIFICATES_CONTRADICT");
    expect(await codeOf(proxy, "eth_blockNumber")).toBe("TRIPPED");
  });

  test("alerts hold a block back, and what is built on it; against a block already shown they stop everything", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const bad = await chain.hashAt(FIRST + 1);
    chain.alerted.add(bad);
    await chain.certify(FIRST + 2);
    await until("the block is held back", () => proxy.status().heldBack?.hash === bad);
    expect((await raw(proxy, ask("eth_blockNumber"))).result).toBe(`0x${FIRST.toString(16)}`);
    for (const height of [FIRST + 1, FIRST + 2]) {
      expect(await codeOf(proxy, "eth_getBlockByNumber", [`0x${height.toString(16)}`, false])).toBe("HELD_BACK");
    }
    expect(await codeOf(proxy, "eth_getBlockByHash", [bad, false])).toBe("HELD_BACK");
    expect(await codeOf(proxy, "eth_getBlockByNumber", [`0x${FIRST.toString(16)}`, false])).toBe("answered");
    // The L1 has settled it: alerts cannot undo what the L1 derived.
    await chain.certify(FIRST + 2, { baseHeight: FIRST + 1 });
    await headIs(proxy, FIRST + 2);
    chain.alerted.add(await chain.hashAt(FIRST + 2));
    await until("it trips", () => proxy.status().tripped?.code === "BLOCK_HELD_BACK");
  });
});

test("safe may mean certified instead: latest is the chain's, without a promise", async () => {
  await chain.certify(FIRST);
  const proxy = await chain.proxy({ certified: ["safe"] });
  await headIs(proxy, FIRST);
  const client = clientOf(proxy);
  const hash = await chain.transfer(1n);
  expect(await client.getBlockNumber()).toBe(await chain.l2.getBlockNumber());
  expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: "success" });
  expect((await client.getBlock({ blockTag: "safe" })).number).toBe(BigInt(FIRST));
  expect((await client.getBlock({ blockTag: "finalized" })).number).toBeLessThanOrEqual(BigInt(FIRST));
  const next = Number(await chain.l2.getBlockNumber());
  chain.alerted.add(await chain.hashAt(next));
  await chain.certify(next);
  await until("the block is held back", () => proxy.status().heldBack !== null);
  expect(await codeOf(proxy, "eth_blockNumber")).toBe("HELD_BACK");
});

describe("filters and subscriptions speak of certified blocks", () => {
  test("a block filter and a log filter, polled; a filter that there is not", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const [blocks, logs] = (await raw(proxy, [ask("eth_newBlockFilter", [], 1), ask("eth_newFilter", [{}], 2)])).map(
      ({ result }) => result as Hex,
    );
    expect((await raw(proxy, ask("eth_getFilterChanges", [blocks]))).result).toEqual([]);
    await chain.certify(FIRST + 2);
    await headIs(proxy, FIRST + 2);
    const expected = [await chain.hashAt(FIRST + 1), await chain.hashAt(FIRST + 2)];
    expect((await raw(proxy, ask("eth_getFilterChanges", [blocks]))).result).toEqual(expected);
    expect((await raw(proxy, ask("eth_getFilterChanges", [blocks]))).result).toEqual([]);
    expect((await raw(proxy, ask("eth_getFilterChanges", [logs]))).result).toEqual([]);
    expect((await raw(proxy, ask("eth_uninstallFilter", [blocks]))).result).toBe(true);
    expect(await codeOf(proxy, "eth_getFilterChanges", [blocks])).toBe("code -32000");
  });

  test("newHeads over WebSocket: each certified block once, in order, also those between two certificates", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const client = createPublicClient({ transport: webSocket(proxy.wsUrl, { retryCount: 0 }) });
    const seen: Hex[] = [];
    const { unsubscribe } = await client.transport.subscribe({
      params: ["newHeads"],
      onData: ({ result }) => seen.push((result as unknown as { hash: Hex }).hash),
      onError: () => {},
    });
    await chain.certify(FIRST + 2);
    await until("both are told", () => seen.length === 2);
    expect(seen).toEqual([await chain.hashAt(FIRST + 1), await chain.hashAt(FIRST + 2)]);
    await unsubscribe();
    (await client.transport.getRpcClient()).close();
  });
});
