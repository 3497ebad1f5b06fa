import type { Engine, Hex } from "@altlayer/engine";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { decodeFunctionData, encodeFunctionResult, parseAbi } from "viem";
import { describe, expect, test } from "vitest";
import type { Clock } from "../src/clock.ts";
import type { JsonRpcClient } from "../src/l1/rpc-client.ts";
import type { TransactionManager } from "../src/l1/transaction-manager.ts";
import { silentLogger } from "../src/log.ts";
import { Proposer } from "../src/proposer/proposer.ts";
import { until } from "./support/until.ts";

const ABI = parseAbi([
  "function gameCount() view returns (uint256)",
  "function gameAtIndex(uint256 index) view returns (uint32 gameType, uint64 timestamp, address proxy)",
  "function initBonds(uint32 gameType) view returns (uint256)",
  "function games(uint32 gameType, bytes32 rootClaim, bytes extraData) view returns (address proxy, uint64 timestamp)",
  "function create(uint32 gameType, bytes32 rootClaim, bytes extraData) payable returns (address proxy)",
  "function status() view returns (uint8)",
  "function l2BlockNumber() view returns (uint256)",
  "function maxClockDuration() view returns (uint64)",
  "function resolveClaim(uint256 claimIndex, uint256 numToResolve)",
  "function resolve() returns (uint8)",
]);
const FACTORY: Hex = `0x${"fa".repeat(20)}`;
const HASH: Hex = `0x${"11".repeat(32)}`;
const CLOCK_SECONDS = 1_000;
const GAMES = 10;

/** A factory with games that nobody disputes, and a time that passes by the step. */
class ScriptedL1 implements Clock {
  seconds = 0;
  /** Looks that the proposer took so far: it asks for their count first. */
  passes = 0;
  readonly games = Array.from({ length: GAMES }, (_, index) => ({ timestamp: index, resolved: false }));
  /** Names of the functions that were called on games, and labels of what was sent. */
  readonly calls: string[] = [];
  readonly sent: string[] = [];

  nowMs(): number {
    return this.seconds * 1000;
  }

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) reject(signal.reason);
      else setTimeout(resolve, 1);
    });
  }

  call(method: string, params: readonly unknown[]): Promise<unknown> {
    expect(method).toBe("eth_call");
    const [{ to, data }] = params as [{ to: Hex; data: Hex }];
    const { functionName, args } = decodeFunctionData({ abi: ABI, data });
    const index = Number(BigInt(to));
    if (to !== FACTORY) this.calls.push(functionName);
    const answer = (result: unknown) =>
      Promise.resolve(encodeFunctionResult({ abi: ABI, functionName, result } as never));
    switch (functionName) {
      case "gameCount":
        this.passes++;
        return answer(BigInt(this.games.length));
      case "gameAtIndex": {
        const at = Number(args[0]);
        return answer([1, BigInt(this.games[at]?.timestamp ?? 0), `0x${at.toString(16).padStart(40, "0")}`]);
      }
      case "status":
        return answer(this.games[index]?.resolved ? 2 : 0);
      case "l2BlockNumber":
        return answer(BigInt(index + 1));
      case "maxClockDuration":
        return answer(BigInt(CLOCK_SECONDS));
      case "games":
        return answer([`0x${"00".repeat(20)}`, 0n]);
      case "initBonds":
        return answer(0n);
      default:
        return answer(functionName === "resolve" ? 2 : undefined);
    }
  }

  send({ label, to, data }: { label: string; to: Hex; data: Hex }): Promise<{ success: boolean }> {
    this.sent.push(label);
    const { functionName } = decodeFunctionData({ abi: ABI, data });
    const game = this.games[Number(BigInt(to))];
    if (functionName === "resolve" && game !== undefined) game.resolved = true;
    if (functionName === "create") this.games.push({ timestamp: this.seconds, resolved: false });
    return Promise.resolve({ success: true });
  }
}

function start(l1: ScriptedL1): Proposer {
  const engine = {
    heads: () => ({ safe: { number: 1_000 + l1.games.length, hash: HASH } }),
    payloadByHash: async () => ({ stateRoot: HASH }),
    messagePasserRoot: async () => HASH,
  } as unknown as Engine;
  const proposer = new Proposer(
    { disputeGameFactory: FACTORY, gameType: 1, intervalMs: 60_000, allowUnfinalized: true, pollMs: 1 },
    {
      engine,
      rpc: l1 as unknown as JsonRpcClient,
      transactions: Object.assign(l1, { address: FACTORY }) as unknown as TransactionManager,
      keccak256: keccak_256,
      clock: l1,
      log: silentLogger,
    },
  );
  proposer.start();
  return proposer;
}

function passes(l1: ScriptedL1, count = 20): Promise<unknown> {
  const end = l1.passes + count;
  return until(() => l1.passes >= end, 20_000);
}

describe("games in progress", () => {
  test("are left alone until their clocks have run out", async () => {
    const l1 = new ScriptedL1();
    l1.seconds = GAMES;
    const proposer = start(l1);
    await passes(l1);
    expect(l1.sent).toEqual([]);
    const scanned = l1.calls.length;
    expect(l1.calls.filter((name) => name === "status")).toHaveLength(GAMES);
    await passes(l1);
    expect(l1.calls).toHaveLength(scanned);
    await proposer.close();
  });

  test("wait for a new proposal, and are all resolved in the end", async () => {
    const l1 = new ScriptedL1();
    l1.seconds = CLOCK_SECONDS + GAMES;
    const proposer = start(l1);
    await passes(l1);
    expect(l1.sent[0]).toMatch(/^propose block/);
    expect(l1.sent.filter((label) => label.startsWith("resolve game"))).toHaveLength(GAMES);
    expect(proposer.resolved).toBe(GAMES);
    await proposer.close();
  });

  test("a backlog does not keep proposals waiting", async () => {
    const l1 = new ScriptedL1();
    l1.seconds = CLOCK_SECONDS + GAMES;
    const send = l1.send.bind(l1);
    // Each transaction takes so long that a proposal is due again after three games.
    l1.send = (transaction) => {
      l1.seconds += 10;
      return send(transaction);
    };
    const proposer = start(l1);
    await passes(l1);
    const proposals = l1.sent.flatMap((label, index) => (label.startsWith("propose") ? [index] : []));
    expect(proposals.length).toBeGreaterThan(1);
    const gaps = proposals.slice(1).map((at, index) => at - (proposals[index] ?? 0));
    // Four games by two transactions each stand between two proposals at most.
    expect(Math.max(...gaps)).toBeLessThanOrEqual(9);
    await proposer.close();
  });
});
