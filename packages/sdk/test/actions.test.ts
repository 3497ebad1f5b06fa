import { readFileSync } from "node:fs";
import { createPublicClient, type Hex, http, keccak256, numberToHex, webSocket } from "viem";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FINALITY_LEVELS, type FinalityLevel, isSdkError, machActions } from "../src/index.ts";
import { type ScriptedNode, startScriptedNode } from "./support/scripted-node.ts";

const file = new URL("../../../test/vectors/mach/certificates.json", import.meta.url);
const { certificates } = JSON.parse(readFileSync(file, "utf8")) as { certificates: { encoded: Hex }[] };
const HASH = keccak256("0x01");

let node: ScriptedNode;
let reached: FinalityLevel;
let heldBack: boolean;
let newest: number;

const finality = () => ({
  id: HASH,
  blockNumber: "0xa",
  blockHash: keccak256("0x02"),
  transactionHash: HASH,
  transactionIndex: "0x1",
  level: reached,
  levels: FINALITY_LEVELS.map((level, i) => ({
    level,
    reached: i <= FINALITY_LEVELS.indexOf(reached),
    at: i <= FINALITY_LEVELS.indexOf(reached) ? numberToHex(1_700_000_000_000 + i) : null,
    by: {},
  })),
  heldBack,
  alerts: [],
});
const certificate = (height: number) => ({
  digest: keccak256(numberToHex(height)),
  kind: "block",
  height: numberToHex(height),
  blockHash: keccak256("0x02"),
  transactionCount: "0x1",
  certificate: certificates[0]?.encoded,
  message: {},
  table: {
    epoch: "0x1",
    depth: "0x3",
    root: HASH,
    aggregateX: "0x1",
    aggregateY: "0x2",
    active: ["0x64"],
    total: ["0x66"],
  },
  signers: [{ index: "0x0", operator: `0x${"11".repeat(20)}`, weight: ["0x64"] }],
  absent: [],
  signedWeight: ["0x64"],
  seenAt: "0x1",
  void: null,
});

beforeEach(async () => {
  [reached, heldBack, newest] = ["block", false, 10];
  node = await startScriptedNode((method, params) => {
    switch (method) {
      case "mach_getFinality":
        return finality();
      case "mach_getCertificate":
        return params[0] === "0x63" ? null : certificate(newest);
      case "mach_getHead":
        return {
          certified: { number: "0xa", hash: HASH },
          latest: { number: "0xb", hash: HASH },
          safe: null,
          finalized: null,
        };
      default:
        throw Object.assign(new TypeError("method not found"), { code: -32601 });
    }
  });
});
afterEach(() => node.close());

const overHttp = () =>
  createPublicClient({ transport: http(node.httpUrl, { retryCount: 0 }), pollingInterval: 20 }).extend(machActions());
const overWebSocket = () =>
  createPublicClient({ transport: webSocket(node.wsUrl, { retryCount: 0 }), pollingInterval: 3_600_000 }).extend(
    machActions(),
  );
const closing = async (client: ReturnType<typeof overWebSocket>) => (await client.transport.getRpcClient()).close();
const codeOf = (error: unknown) => (isSdkError(error) ? error.code : String(error));
const until = async (condition: () => boolean) => {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new TypeError("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe("answers", () => {
  test("are read as numbers, weights as bigint, and no certificate as null", async () => {
    const client = overHttp();
    expect(await client.getFinality({ hash: HASH })).toMatchObject({ blockNumber: 10, level: "block" });
    expect(await client.getCertificate({ blockNumber: 10n })).toMatchObject({ height: 10, table: { total: [102n] } });
    expect(await client.getCertificate({ blockNumber: 99n })).toBeNull();
    expect(await client.getCertifiedHead()).toMatchObject({ certified: { number: 10 }, safe: null });
    const asked = node.asked.filter(({ method }) => method === "mach_getCertificate").map(({ params }) => params);
    expect(asked).toEqual([["0xa"], ["0x63"]]);
  });

  test("of another shape are a typed error, and so is a list without end", async () => {
    const client = overHttp();
    const bad = [
      { ...certificate(1), height: 1 },
      { ...certificate(1), digest: "0x12" },
      { ...certificate(1), table: { ...certificate(1).table, depth: "0xff" } },
      { ...certificate(1), signers: Array.from({ length: 2000 }, () => certificate(1).signers[0]) },
      { ...certificate(1), certificate: `0x${"00".repeat(20_000)}` },
      "certificate",
    ];
    for (const answer of bad) {
      node.script = () => answer;
      expect(codeOf(await client.getCertificate().catch((error: unknown) => error))).toBe("MALFORMED_ANSWER");
    }
  });

  test("a node without MACH is viem's error, not ours", async () => {
    await expect(overHttp().getService()).rejects.toMatchObject({ code: -32601 });
  });
});

describe("waitForFinality", () => {
  test("polls over HTTP until the level, or a higher one, is reached", async () => {
    const waiting = overHttp().waitForFinality({ hash: HASH, level: "blockCertificate", timeout: 10_000 });
    await until(() => node.asked.length >= 3);
    reached = "safe";
    expect((await waiting).level).toBe("safe");
  });

  test("looks again at each certificate over WebSocket, and ends its subscriptions", async () => {
    const client = overWebSocket();
    const waiting = client.waitForFinality({
      hash: HASH,
      level: "blockCertificate",
      timeout: 20_000,
      pollingInterval: 3_600_000,
    });
    await until(() => node.topics.has("machCertificates") && node.asked.some((a) => a.method === "mach_getFinality"));
    reached = "blockCertificate";
    node.notify("machCertificates", certificate(10));
    expect((await waiting).level).toBe("blockCertificate");
    await until(() => node.topics.size === 0);
    await closing(client);
  });

  test("gives up by timeout and by signal, with codes", async () => {
    const client = overHttp();
    const late = client.waitForFinality({ hash: HASH, level: "finalized", timeout: 60 });
    expect(codeOf(await late.catch((error: unknown) => error))).toBe("WAIT_TIMED_OUT");
    const controller = new AbortController();
    const aborted = client.waitForFinality({ hash: HASH, level: "finalized", signal: controller.signal });
    await until(() => node.asked.length > 0);
    controller.abort();
    expect(codeOf(await aborted.catch((error: unknown) => error))).toBe("WAIT_ABORTED");
  });

  test("refuses to wait for a certificate of a block that is held back, but waits for the L1", async () => {
    heldBack = true;
    const client = overHttp();
    const certified = client.waitForFinality({ hash: HASH, level: "blockCertificate" });
    expect(codeOf(await certified.catch((error: unknown) => error))).toBe("BLOCK_HELD_BACK");
    const safe = client.waitForFinality({ hash: HASH, level: "safe", timeout: 10_000 });
    await until(() => node.asked.length >= 4);
    reached = "safe";
    expect((await safe).level).toBe("safe");
  });
});

describe("watchCertificates", () => {
  test("by subscription: each one, and malformed ones as errors", async () => {
    const client = overWebSocket();
    const [seen, errors]: [number[], unknown[]] = [[], []];
    const unwatch = client.watchCertificates({
      onCertificate: ({ height }) => seen.push(height),
      onError: (error) => errors.push(error),
    });
    await until(() => node.topics.has("machCertificates"));
    for (const message of [certificate(11), { nothing: true }, certificate(12)])
      node.notify("machCertificates", message);
    await until(() => seen.length === 2 && errors.length === 1);
    expect(seen).toEqual([11, 12]);
    expect(codeOf(errors[0])).toBe("MALFORMED_ANSWER");
    unwatch();
    await until(() => node.topics.size === 0);
    await closing(client);
  });

  test("by polling: the newest, once each, over failures", async () => {
    const [seen, errors]: [number[], unknown[]] = [[], []];
    const unwatch = overHttp().watchCertificates({
      onCertificate: ({ height }) => seen.push(height),
      onError: (error) => errors.push(error),
      pollingIntervalMs: 10,
    });
    await until(() => seen.length === 1 && node.asked.length >= 4);
    const { script } = node;
    node.script = () => {
      throw new TypeError("busy");
    };
    await until(() => errors.length > 0);
    newest = 12;
    node.script = script;
    await until(() => seen.length === 2);
    expect(seen).toEqual([10, 12]);
    unwatch();
    const count = node.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(node.asked.length).toBeLessThanOrEqual(count + 1);
  });
});
