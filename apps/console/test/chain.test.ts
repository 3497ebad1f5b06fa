import {
  encodeAbiParameters,
  encodeErrorResult,
  encodeEventTopics,
  encodeFunctionData,
  encodeFunctionResult,
  parseAbi,
  toEventSelector,
  toFunctionSelector,
} from "viem";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { decodeCall, decodeLog, decodeOutput, revertText } from "../src/chain/decode.ts";
import { Finality } from "../src/chain/finality.ts";
import type { Heads } from "../src/chain/heads.ts";
import { ANCHORS, headAt, levelOfBlock, RESPECTED_GAME_TYPE } from "../src/chain/heads.ts";
import { createRpc } from "../src/chain/rpc.ts";
import { RpcError } from "../src/chain/rpc-error.ts";
import type { Block } from "../src/chain/shapes.ts";
import { CallFrame, count, quantity } from "../src/chain/shapes.ts";
import { tracedOf } from "../src/chain/trace.ts";
import { rungsOf } from "../src/pages/explorer/FinalityRungs.tsx";

const TRANSFER_TOPIC = toEventSelector("event Transfer(address,address,uint256)");
const ALICE = "0x00000000000000000000000000000000000000a1";
const BOB = "0x00000000000000000000000000000000000000b0";

describe("JSON-RPC", () => {
  test("sends the calls of one turn together and gives each its own answer, in any order", async () => {
    const sent: unknown[] = [];
    const rpc = createRpc(async (body) => {
      sent.push(body);
      return [
        { jsonrpc: "2.0", id: 1, error: { code: -32000, message: "no" } },
        { jsonrpc: "2.0", id: 0, result: "0x5" },
      ];
    });
    const [first, second] = await Promise.allSettled([rpc.call("a", [], count), rpc.call("b", [1], count)]);
    expect(first).toEqual({ status: "fulfilled", value: 5 });
    expect(second).toMatchObject({ status: "rejected", reason: { code: -32000 } });
    expect(sent).toHaveLength(1);
  });

  test("splits what is more than the proxy takes", async () => {
    const sizes: number[] = [];
    const rpc = createRpc(async (body) => {
      const calls = [body].flat() as { id: number }[];
      sizes.push(calls.length);
      return calls.map(({ id }) => ({ id, result: "0x1" }));
    });
    await Promise.all(Array.from({ length: 120 }, () => rpc.call("a", [], count)));
    expect(sizes).toEqual([50, 50, 20]);
  });

  test("refuses answers of another form, and calls that were not answered", async () => {
    const answering = (answer: unknown) => createRpc(async () => answer).call("a", [], quantity);
    for (const answer of [
      null,
      "text",
      { id: 0, result: "5" },
      { id: 0, result: { a: 1 } },
      { id: 7, result: "0x1" },
    ]) {
      await expect(answering(answer)).rejects.toMatchObject({ code: "UNREADABLE" });
    }
    const rpc = createRpc(async () => {
      throw new RpcError({ code: -1, message: "down" });
    });
    await expect(rpc.call("a", [], z.unknown())).rejects.toMatchObject({ code: -1 });
  });
});

test("constants are what they are called", () => {
  expect(RESPECTED_GAME_TYPE).toBe(toFunctionSelector("function respectedGameType()"));
  expect(ANCHORS).toBe(toFunctionSelector("function anchors(uint32)"));
});

describe("decoding", () => {
  const abi = parseAbi(["function transfer(address to, uint256 amount)", "function unknownThing(uint256 a)"]);

  test("names a known call and its arguments", () => {
    const data = encodeFunctionData({ abi, functionName: "transfer", args: [BOB, 5n] });
    expect(decodeCall(data)).toMatchObject({
      name: "transfer",
      arguments: [{ name: "to" }, { name: "amount", value: 5n }],
    });
  });

  test("leaves alone what it does not know, and what lies about its selector", () => {
    expect(decodeCall(encodeFunctionData({ abi, functionName: "unknownThing", args: [1n] }))).toBeUndefined();
    expect(decodeCall("0x")).toBeUndefined();
    expect(decodeCall("0xa9059cbb")).toBeUndefined();
    expect(decodeCall("0xa9059cbbffff")).toBeUndefined();
  });

  test("tells the transfer of a token from that of a collectible by what is indexed", () => {
    const erc20 = parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"]);
    const erc721 = parseAbi(["event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)"]);
    const amount = encodeAbiParameters([{ type: "uint256" }], [7n]);
    const topics = encodeEventTopics({
      abi: erc20,
      eventName: "Transfer",
      args: { from: ALICE, to: BOB },
    }) as `0x${string}`[];
    expect(decodeLog({ topics, data: amount })?.arguments[2]).toEqual({ name: "value", type: "uint256", value: 7n });
    const collectible = encodeEventTopics({
      abi: erc721,
      eventName: "Transfer",
      args: { from: ALICE, to: BOB, tokenId: 9n },
    }) as `0x${string}`[];
    expect(decodeLog({ topics: collectible, data: "0x" })?.arguments[2]).toMatchObject({ name: "tokenId", value: 9n });
    expect(decodeLog({ topics: [], data: "0x" })).toBeUndefined();
    expect(decodeLog({ topics: [TRANSFER_TOPIC], data: "0x12" })).toBeUndefined();
  });

  test("reads why a call failed", () => {
    const reason = encodeAbiParameters([{ type: "string" }], ["too late"]).slice(2);
    expect(revertText(`0x08c379a0${reason}`)).toBe("too late");
    expect(revertText(`0x4e487b71${"0".repeat(62)}11`)).toBe("panic 17");
    expect(revertText("0x08c379a0ff")).toBeUndefined();
    expect(revertText("0x")).toBeUndefined();
  });

  test("reads a contract's own errors and results, where its source is known and they fit", () => {
    const own = parseAbi(["error TooLate(uint256 by)", "function pair() view returns (uint256 a, address b)"]);
    const late = encodeErrorResult({ abi: own, errorName: "TooLate", args: [7n] });
    expect(revertText(late, own)).toBe("TooLate(7)");
    expect(revertText(late)).toBeUndefined();
    const input = encodeFunctionData({ abi: own, functionName: "pair" });
    const output = encodeFunctionResult({ abi: own, functionName: "pair", result: [5n, BOB] });
    expect(decodeOutput(own, input, output)).toMatchObject([
      { name: "a", value: 5n },
      { name: "b", type: "address" },
    ]);
    expect(decodeOutput(own, input, "0x12")).toBeUndefined();
    expect(decodeOutput([], input, output)).toBeUndefined();
  });
});

test("a trace is read to its leaves, and refused when a frame is malformed", () => {
  const frame = { type: "CALL", from: ALICE, to: BOB, gasUsed: "0x1", input: "0x" };
  const deep = { ...frame, calls: [{ ...frame, calls: [frame] }] };
  expect(z.parse(CallFrame, deep).calls?.[0]?.calls?.[0]?.gasUsed).toBe(1n);
  expect(z.safeParse(CallFrame, { ...frame, calls: [{ ...frame, to: "javascript:alert(1)" }] }).success).toBe(false);
});

test("the calls of a trace are numbered as they were made, and each called account is named once", () => {
  const frame = (to: string, calls: unknown[] = [], error?: string) => ({
    ...{ type: "CALL", from: ALICE, to, gasUsed: "0x1", input: "0x", calls },
    ...(error === undefined ? {} : { error }),
  });
  const root = z.parse(CallFrame, frame(ALICE, [frame(BOB, [frame(ALICE)]), frame(BOB, [], "reverted")]));
  const traced = tracedOf(root);
  expect(traced).toMatchObject({ count: 4, depthMax: 2, called: [ALICE, BOB], failedCount: 1 });
  expect(traced.root.calls.map(({ index, depth }) => [index, depth])).toEqual([
    [1, 1],
    [3, 1],
  ]);
  expect(traced.root.calls[0]?.calls[0]).toMatchObject({ index: 2, depth: 2 });
});

describe("the ladder", () => {
  const block = (number: number) => ({ number }) as Block;
  const heads: Heads = {
    latest: block(100),
    open: { number: 101, transactionCount: 3 },
    safe: block(80),
    finalized: block(60),
    mach: { certifiedNumber: 95, newest: null },
    settledNumber: 40,
  };

  test("stands at each rung where its head is", () => {
    expect(levelOfBlock(heads, 100)).toBe("block");
    expect(levelOfBlock(heads, 95)).toBe("blockCertificate");
    expect(levelOfBlock(heads, 80)).toBe("safe");
    expect(levelOfBlock(heads, 60)).toBe("finalized");
    expect(levelOfBlock(heads, 40)).toBe("settled");
    expect(levelOfBlock(heads, 101)).toBeNull();
    expect(headAt(heads, "slice")).toBe(101);
  });

  test("says nothing of certificates where no operators are", () => {
    const alone = { ...heads, mach: null };
    expect(headAt(alone, "blockCertificate")).toBeUndefined();
    expect(levelOfBlock(alone, 95)).toBe("block");
    expect(rungsOf(null, 95, alone).map(({ level }) => level)).not.toContain("blockCertificate");
    expect(
      rungsOf(null, 70, alone)
        .filter(({ reached }) => reached)
        .map(({ level }) => level),
    ).toEqual(["slice", "block", "safe"]);
  });

  test("reads a node's answer, and tells who vouches at each rung", () => {
    const answer = {
      id: "0x1",
      blockNumber: "0x64",
      blockHash: null,
      transactionHash: null,
      transactionIndex: null,
      level: "safe",
      levels: [
        { level: "pending", reached: true, at: null, by: null },
        { level: "slice", reached: true, at: "0x5", by: { sequencer: ALICE } },
        { level: "safe", reached: true, at: "0x9", by: { l1Block: { number: "0x11", hash: "0x" } } },
      ],
      heldBack: false,
      alerts: [],
    };
    const rungs = rungsOf(z.parse(Finality, answer), 100, heads);
    expect(rungs.filter(({ reached }) => reached).map(({ level, at, who }) => [level, at, who])).toEqual([
      ["slice", 5, "sequencer"],
      ["safe", 9, "L1 block 17"],
    ]);
    expect(z.safeParse(Finality, { ...answer, level: 5 }).success).toBe(false);
  });

  test("takes what the node says of one transaction over the heads", () => {
    const rungs = rungsOf(
      {
        level: "slice",
        levels: [
          { level: "slice", reached: true, at: 5 },
          { level: "block", reached: false, at: null },
        ],
      },
      100,
      heads,
    );
    expect(rungs.filter(({ reached }) => reached).map(({ level, at }) => [level, at])).toEqual([["slice", 5]]);
  });
});
