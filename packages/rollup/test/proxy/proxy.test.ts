import { keccak256, parseEther } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ask, clientOf, codeOf, headIs, problemIs, RECEIVER, raw, until } from "./support/ask.ts";
import { type CertifiedChain, FIRST, startCertifiedChain } from "./support/certified-chain.ts";

let chain: CertifiedChain;
beforeAll(async () => {
  chain = await startCertifiedChain();
}, 60_000);
afterEach(() => chain.reset());
afterAll(() => chain?.stop());

describe("latest means certified", () => {
  test("nothing is answered before the first certificate, and viem works after it", async () => {
    const proxy = await chain.proxy();
    const client = clientOf(proxy);
    expect(await codeOf(proxy, "eth_blockNumber")).toBe("NO_CERTIFICATE");
    expect(await codeOf(proxy, "eth_getBalance", [RECEIVER, "latest"])).toBe("NO_CERTIFICATE");
    expect(await client.getChainId()).toBe(31_337);
    await chain.certify(FIRST);
    await headIs(proxy, FIRST);
    expect(await client.getBlockNumber()).toBe(BigInt(FIRST));
    expect((await client.getBlock()).hash).toBe(await chain.hashAt(FIRST));
    expect(proxy.status()).toMatchObject({ tripped: null, problem: null, trusts: ["l1-rpc", expect.any(String)] });
  });

  test("a transaction above the certified head is not there yet: balance, receipt, block, logs, number", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    const client = clientOf(proxy);
    await headIs(proxy, FIRST);
    const before = await client.getBalance({ address: RECEIVER });
    const hash = await chain.transfer(parseEther("1"));
    const { blockNumber, blockHash } = await chain.l2.getTransactionReceipt({ hash });
    expect(await client.getBalance({ address: RECEIVER })).toBe(before);
    expect((await raw(proxy, ask("eth_getTransactionReceipt", [hash]))).result).toBeNull();
    expect((await raw(proxy, ask("eth_getTransactionByHash", [hash]))).result).toMatchObject({
      hash,
      blockHash: null,
      blockNumber: null,
    });
    for (const [method, params] of [
      ["eth_getBlockByHash", [blockHash, false]],
      ["eth_getBlockByNumber", [`0x${blockNumber.toString(16)}`, false]],
      ["eth_getBlockReceipts", [blockHash]],
      ["eth_getTransactionByBlockHashAndIndex", [blockHash, "0x0"]],
      ["eth_getBlockTransactionCountByNumber", [`0x${blockNumber.toString(16)}`]],
    ] as const) {
      expect(await raw(proxy, ask(method, params)), method).toMatchObject({ result: null });
    }
    expect(await codeOf(proxy, "eth_call", [{ to: RECEIVER }, { blockHash }])).toBe("code -32000");
    expect(await codeOf(proxy, "eth_getLogs", [{ blockHash }])).toBe("NOT_CERTIFIED");

    await chain.certify(Number(blockNumber));
    await headIs(proxy, Number(blockNumber));
    expect(await client.getBalance({ address: RECEIVER })).toBe(before + parseEther("1"));
    expect((await client.getTransactionReceipt({ hash })).blockHash).toBe(blockHash);
    expect(await client.waitForTransactionReceipt({ hash, timeout: 5_000 })).toMatchObject({ status: "success" });
  });

  test("safe and finalized are the chain's, but never above the certified head", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const client = clientOf(proxy);
    const above = await chain.l2.request({ method: "eth_getBlockByNumber", params: ["latest", false] });
    chain.lies.set("eth_getBlockByNumber", (answer, [id]) => (id === "safe" ? above : answer));
    expect((await client.getBlock({ blockTag: "safe" })).number).toBe(BigInt(FIRST));
    const finalized = await client.getBlock({ blockTag: "finalized" });
    expect(finalized.number).toBeLessThanOrEqual(BigInt(FIRST));
    expect((await client.getBlock({ blockTag: "earliest" })).number).toBe(0n);
  });

  test("the next nonce counts what is in the pool; everything else at pending is the certified head", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const client = clientOf(proxy);
    const { address } = chain.account;
    await chain.transfer(1n);
    const upstream = await chain.l2.getTransactionCount({ address });
    expect(await client.getTransactionCount({ address, blockTag: "pending" })).toBe(upstream);
    expect(await client.getTransactionCount({ address })).toBe(upstream - 1);
    expect((await client.getBlock({ blockTag: "pending" })).number).toBe(BigInt(FIRST));
  });
});

describe("one answer, one block", () => {
  test("a batch is pinned even when the head moves while it is answered", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    // The upstream takes so long over gas prices that a new head is taken meanwhile.
    chain.lies.set("eth_gasPrice", async (answer) => {
      await chain.certify(FIRST + 1);
      await headIs(proxy, FIRST + 1);
      return answer;
    });
    const hash = await chain.hashAt(FIRST);
    const batch = [
      ask("eth_blockNumber", [], 1),
      ask("eth_gasPrice", [], 2),
      ask("eth_getBlockByNumber", ["latest", false], 3),
      ask("eth_feeHistory", ["0x1", "latest", []], 4),
    ];
    // One after the other here, so that what comes after the gas price is asked under a newer head.
    const [number, , block, fees] = await raw(proxy, batch);
    expect(number).toMatchObject({ result: `0x${FIRST.toString(16)}` });
    expect(block).toMatchObject({ result: { hash } });
    expect(fees).toMatchObject({ result: { oldestBlock: `0x${FIRST.toString(16)}` } });
    expect((await raw(proxy, ask("eth_blockNumber"))).result).toBe(`0x${(FIRST + 1).toString(16)}`);
  });

  test("state is asked for by hash, also for numbers below the head", async () => {
    for (const height of [FIRST, FIRST + 1]) {
      await chain.certify(height);
      if (height === FIRST) await headIs(await chain.proxy(), FIRST);
    }
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST + 1);
    chain.node.asked.length = 0;
    await raw(proxy, [
      ask("eth_call", [{ to: RECEIVER }], 1),
      ask("eth_getStorageAt", [RECEIVER, "0x0", `0x${(FIRST + 1).toString(16)}`], 2),
      ask("eth_getProof", [RECEIVER, [], "finalized"], 3),
      ask("eth_estimateGas", [{ to: RECEIVER }], 4),
    ]);
    for (const method of ["eth_call", "eth_getStorageAt", "eth_getProof", "eth_estimateGas"]) {
      const asked = chain.node.asked.find((each) => each.method === method);
      expect(asked?.params.at(-1), method).toMatchObject({ blockHash: expect.any(String), requireCanonical: true });
    }
  });

  test("an upstream whose block was replaced under an answer by number is not believed", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const other = await chain.l2.request({ method: "eth_getBlockByNumber", params: ["0x1", false] });
    let replaced = false;
    chain.lies.set("eth_feeHistory", (answer) => {
      replaced = true;
      return answer;
    });
    chain.lies.set("eth_getBlockByNumber", (answer) => (replaced ? other : answer));
    expect(await codeOf(proxy, "eth_feeHistory", ["0x1", "latest", []])).toBe("UPSTREAM_MOVED");
  });
});

describe("what the upstream cannot make it believe", () => {
  test("certificates that do not hold are not taken, and why is told", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    const forged: [string, Parameters<CertifiedChain["certify"]>[1]][] = [
      ["BELOW_THRESHOLD", { signers: [0, 1] }],
      ["CERTIFICATE_MALFORMED", { change: (json) => ({ ...json, blockHash: keccak256("0x01") }) }],
      ["TABLE_MISMATCH", { change: (json) => ({ ...json, table: { ...json.table, total: ["0x1"] } }) }],
    ];
    for (const [code, options] of forged) {
      await chain.certify(FIRST + 1, options);
      await problemIs(proxy, code);
      expect(proxy.status().certified?.number).toBe(FIRST);
    }
    await chain.certify(FIRST + 1);
    await headIs(proxy, FIRST + 1);
    expect(proxy.status().problem).toBeNull();
  });

  test("a block whose header does not hash to what was certified", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    chain.lies.set("eth_getBlockByHash", (answer) => ({ ...(answer as object), stateRoot: keccak256("0x01") }));
    expect(await codeOf(proxy, "eth_getBlockByNumber", ["latest", false])).toBe("UPSTREAM_LIED");
  });

  test("methods that cannot be pinned are refused by name; bounds hold", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    for (const method of ["eth_sendRawTransactionSync", "debug_traceBlockByNumber", "trace_block", "toString"]) {
      expect(await codeOf(proxy, method, ["latest"]), method).toBe("METHOD_NOT_PINNED");
    }
    const batch = Array.from({ length: 21 }, (_, i) => ask("eth_chainId", [], i));
    expect((await raw(proxy, batch))[0]).toMatchObject({ error: { code: -32600 } });
    const headers = { "content-type": "application/json" };
    const large = await fetch(proxy.httpUrl, { method: "POST", headers, body: `"${"x".repeat(70_000)}"` });
    expect(large.status).toBe(413);
    await large.text();
    expect(await codeOf(proxy, "eth_getBalance", [RECEIVER, { blockNumber: 1 }])).toBe("code -32602");
    expect(await codeOf(proxy, "eth_subscribe", ["newHeads"])).toBe("code -32601");
  });

  test("errors of the upstream are passed on, and one that does not answer has a code", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy();
    await headIs(proxy, FIRST);
    chain.lies.set("eth_call", () => {
      throw Object.assign(new TypeError("execution reverted"), { code: 3 });
    });
    expect(await codeOf(proxy, "eth_call", [{ to: RECEIVER }])).toBe("code 3");
    const nowhere = await chain.proxy({ upstream: "http://127.0.0.1:1" });
    expect(await codeOf(nowhere, "eth_chainId")).toBe("UPSTREAM_UNREACHABLE");
    expect(await codeOf(nowhere, "eth_blockNumber")).toBe("NO_CERTIFICATE");
  });

  test("what keeps it from a certificate is told to anybody, the L1's URL with its key to nobody", async () => {
    await chain.certify(FIRST);
    const proxy = await chain.proxy({ l1: ["http://127.0.0.1:1/v2/a-provider-key"] });
    await until("the L1 is missed", () => proxy.status().problem !== null);
    const answer = JSON.stringify(await raw(proxy, ask("mach_proxyStatus")));
    expect(answer).toContain("HTTP request failed");
    expect(answer).not.toContain("a-provider-key");
  });
});
