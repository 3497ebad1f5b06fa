import { rmSync } from "node:fs";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import { Compiler } from "../src/verify/compiler.ts";
import { COMPILERS } from "../src/verify/compilers.ts";
import { singleFileSchema, standardJsonOf } from "../src/verify/standard-json.ts";
import { TRANSFER } from "./fake-chain.ts";
import type { TestPlatform } from "./harness.ts";
import { newSpec, startL1, startTestPlatform, until } from "./harness.ts";

/** A token by the rules of nobody: any call of four bytes is answered by a script, any other moves five of it. */
const NAME = "<script>alert(1)</script>";
const TOKEN = "0x00000000000000000000000000000000000c0ffe";
const CODE = `0x600436146037576005600052600035337f${TRANSFER.slice(2)}60206000a3005b602060005260${Buffer.from([NAME.length]).toString("hex")}6020527f${Buffer.from(NAME).toString("hex").padEnd(64, "0")}60405260606000f3`;
/** Hands what it is sent to the address in the call's data. */
const FORWARDER = "0x00000000000000000000000000000000000f0f0f";
const FORWARDER_CODE = "0x6000600060006000346000355af100";
const COUNTER_SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;
contract Counter {
  uint256 public immutable start = 7;
  uint256 public count;
  event Added(address indexed by, uint256 amount);
  function add(uint256 by) external returns (uint256) { count += by; emit Added(msg.sender, by); return count; }
}`;
const COUNTER = "0x00000000000000000000000000000000000c0de1";
const PROXY = "0x00000000000000000000000000000000000c0de2";
/** Names the implementation, and does nothing else: enough to be followed. */
const PROXY_CODE = "0x60006000f3";
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
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
    const compiled = await new Compiler().compile(
      COMPILERS[0],
      standardJsonOf(singleFileSchema.parse({ content: COUNTER_SOURCE, optimizerRuns: 200 })),
      null,
    );
    const genesis = {
      ...spec.genesis,
      contracts: [
        { address: TOKEN, code: CODE },
        { address: FORWARDER, code: FORWARDER_CODE },
        { address: COUNTER, code: `0x${compiled[0]!.runtime}` as const },
        {
          address: PROXY,
          code: PROXY_CODE,
          storage: { [IMPLEMENTATION_SLOT]: `0x${COUNTER.slice(2).padStart(64, "0")}` as const },
        },
      ],
    };
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

  test("tells the calls that moved ether within a transaction, by transaction and by address", async () => {
    const { body: rollup } = await at.owner.ask("GET", base.replace("/explorer", ""));
    const wallet = createWalletClient({
      account: privateKeyToAccount(OWNER_KEY),
      transport: http(rollup.endpoints.rpc),
    });
    const payee = "0x00000000000000000000000000000000000fafa0";
    const data = `0x${payee.slice(2).padStart(64, "0")}` as const;
    const hash = await wallet.sendTransaction({ to: FORWARDER, value: 11n, data, chain: null });
    const { body: transaction } = await until(
      () => at.owner.ask("GET", `${base}/transactions/${hash}`),
      ({ status }) => status === 200,
    );
    const call = { transactionHash: hash, kind: "call", from: FORWARDER, to: payee, valueWei: "11", position: 0 };
    expect(transaction.internalCalls).toMatchObject([call]);
    const { body } = await at.owner.ask("GET", `${base}/addresses/${payee}/internal-calls`);
    expect(body).toMatchObject({ items: [call], nextCursor: null });
    const address = await at.owner.ask("GET", `${base}/addresses/${payee}`);
    expect(address.body).toMatchObject({
      balanceWei: "11",
      transactionCount: 0,
      firstSeenBlock: transaction.blockNumber,
    });
  });

  test("verifies a contract by its source, and shows it for the proxy, too", async () => {
    const contract = (address: string) => at.owner.ask("GET", `${base}/addresses/${address}/contract`);
    const verify = (address: string, body: object) => at.owner.ask("POST", `${base}/addresses/${address}/verify`, body);
    const [compiler] = COMPILERS;
    expect((await at.owner.ask("GET", `${base}/compilers`)).body.items).toEqual(
      COMPILERS.map((version) => ({ version })),
    );
    expect((await contract(COUNTER)).body).toMatchObject({ address: COUNTER, verified: null, implementation: null });

    const source = { content: COUNTER_SOURCE, optimizerRuns: 200 };
    const refused: readonly [string, object, string][] = [
      [COUNTER, { compiler, source: { ...source, optimizerRuns: null } }, "NO_MATCH"],
      [COUNTER, { compiler, source: { content: "contract {" } }, "COMPILATION_FAILED"],
      [COUNTER, { compiler, source, contract: "Other" }, "NO_MATCH"],
      [RECEIVER, { compiler, source }, "NOT_A_CONTRACT"],
      [COUNTER, { compiler: "0.4.11", source }, "BAD_REQUEST"],
      [COUNTER, { compiler }, "BAD_REQUEST"],
      [
        COUNTER,
        { compiler, source, standardJson: { language: "Solidity", sources: { a: { content: "" } } } },
        "BAD_REQUEST",
      ],
      [
        COUNTER,
        { compiler, standardJson: { language: "Solidity", sources: { a: { urls: ["file:///etc/passwd"] } } } },
        "BAD_REQUEST",
      ],
    ];
    for (const [address, body, code] of refused) {
      const answer = await verify(address, body);
      expect([JSON.stringify(body).slice(0, 80), answer.body.error?.code]).toEqual([
        JSON.stringify(body).slice(0, 80),
        code,
      ]);
    }

    const other = `${COUNTER_SOURCE}\n// other words`;
    expect((await verify(COUNTER, { compiler, source: { ...source, content: other } })).body).toMatchObject({
      match: "partial",
    });
    expect((await verify(COUNTER, { compiler, source })).body).toMatchObject({
      match: "full",
      name: "Counter",
      compiler,
    });
    // What is known in full is not made less.
    expect((await verify(COUNTER, { compiler, source: { ...source, content: other } })).body).toMatchObject({
      match: "full",
    });

    const { body: shown } = await contract(COUNTER);
    expect(shown.verified).toMatchObject({ match: "full", sources: { "Contract.sol": COUNTER_SOURCE } });
    expect(shown.verified.abi).toContainEqual(expect.objectContaining({ type: "event", name: "Added" }));
    const { body: proxy } = await contract(PROXY);
    expect(proxy).toMatchObject({ verified: null, implementation: { address: COUNTER, verified: { match: "full" } } });
    const slim = await at.owner.ask("GET", `${base}/addresses/${PROXY}/contract?sources=false`);
    expect(slim.body.implementation.verified).toMatchObject({ sources: {}, name: "Counter" });
    const { body: audit } = await at.owner.ask("GET", `/teams/${at.teamId}/audit?limit=100`);
    expect(JSON.stringify(audit)).toContain("explorer.verify");
    expect(JSON.stringify(audit)).not.toContain("SPDX");
  }, 180_000);
});
