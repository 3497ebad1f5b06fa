import type { Hex } from "@altlayer/engine";
import { decodeFunctionResult, encodeAbiParameters, encodeFunctionData, parseAbi } from "viem/utils";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";

const FACTORY = parseAbi([
  "function gameCount() view returns (uint256)",
  "function gameAtIndex(uint256 index) view returns (uint32 gameType, uint64 timestamp, address proxy)",
  "function initBonds(uint32 gameType) view returns (uint256)",
  "function games(uint32 gameType, bytes32 rootClaim, bytes extraData) view returns (address proxy, uint64 timestamp)",
  "function create(uint32 gameType, bytes32 rootClaim, bytes extraData) payable returns (address proxy)",
]);
const GAME = parseAbi([
  "function status() view returns (uint8)",
  "function l2BlockNumber() view returns (uint256)",
  "function maxClockDuration() view returns (uint64)",
  "function resolveClaim(uint256 claimIndex, uint256 numToResolve)",
  "function resolve() returns (uint8)",
]);

export interface Game {
  readonly index: number;
  readonly gameType: number;
  /** L1 time of its creation, in seconds. */
  readonly timestamp: number;
  readonly proxy: Hex;
}

/** `GameStatus`. */
export const GAME_IN_PROGRESS = 0;
export const CHALLENGER_WINS = 1;

/** Reads of the dispute game factory and its games (contracts-bedrock, `src/dispute/`). */
export class DisputeGames {
  readonly #factory: Hex;
  readonly #rpc: JsonRpcClient;

  constructor(options: { readonly factory: Hex }, dependencies: { readonly rpc: JsonRpcClient }) {
    this.#factory = options.factory;
    this.#rpc = dependencies.rpc;
  }

  async count(): Promise<number> {
    const answer = await this.#call(this.#factory, encodeFunctionData({ abi: FACTORY, functionName: "gameCount" }));
    return Number(decodeFunctionResult({ abi: FACTORY, functionName: "gameCount", data: answer }));
  }

  async at(index: number): Promise<Game> {
    const call = encodeFunctionData({ abi: FACTORY, functionName: "gameAtIndex", args: [BigInt(index)] });
    const answer = await this.#call(this.#factory, call);
    const [gameType, timestamp, proxy] = decodeFunctionResult({
      abi: FACTORY,
      functionName: "gameAtIndex",
      data: answer,
    });
    return { index, gameType, timestamp: Number(timestamp), proxy: proxy.toLowerCase() as Hex };
  }

  async bond(gameType: number): Promise<bigint> {
    const call = encodeFunctionData({ abi: FACTORY, functionName: "initBonds", args: [gameType] });
    const answer = await this.#call(this.#factory, call);
    return decodeFunctionResult({ abi: FACTORY, functionName: "initBonds", data: answer });
  }

  /** The game of that type with that claim, if there is one. */
  async find(gameType: number, rootClaim: Hex, l2Block: number): Promise<Pick<Game, "proxy"> | null> {
    const args = [gameType, rootClaim, extraData(l2Block)] as const;
    const answer = await this.#call(this.#factory, encodeFunctionData({ abi: FACTORY, functionName: "games", args }));
    const [proxy] = decodeFunctionResult({ abi: FACTORY, functionName: "games", data: answer });
    return BigInt(proxy) === 0n ? null : { proxy: proxy.toLowerCase() as Hex };
  }

  async status(game: Pick<Game, "proxy">): Promise<number> {
    const answer = await this.#call(game.proxy, encodeFunctionData({ abi: GAME, functionName: "status" }));
    return decodeFunctionResult({ abi: GAME, functionName: "status", data: answer });
  }

  async l2Block(game: Game): Promise<number> {
    const answer = await this.#call(game.proxy, encodeFunctionData({ abi: GAME, functionName: "l2BlockNumber" }));
    return Number(decodeFunctionResult({ abi: GAME, functionName: "l2BlockNumber", data: answer }));
  }

  /** Seconds from a game's creation before which it cannot be resolved. */
  async clockSeconds(game: Game): Promise<number> {
    const answer = await this.#call(game.proxy, encodeFunctionData({ abi: GAME, functionName: "maxClockDuration" }));
    return Number(decodeFunctionResult({ abi: GAME, functionName: "maxClockDuration", data: answer }));
  }

  /** Whether a call would succeed now, from that sender. */
  wouldSucceed(to: Hex, input: Hex, from: Hex): Promise<boolean> {
    return this.#rpc.call("eth_call", [{ to, data: input, from }, "latest"]).then(
      () => true,
      () => false,
    );
  }

  async #call(to: Hex, input: Hex): Promise<Hex> {
    return parseAnswer(data, await this.#rpc.call("eth_call", [{ to, data: input }, "latest"]), "eth_call");
  }
}

export const createGameData = (gameType: number, rootClaim: Hex, l2Block: number): Hex =>
  encodeFunctionData({ abi: FACTORY, functionName: "create", args: [gameType, rootClaim, extraData(l2Block)] });

/** The root claim, with as many subgames as it has (0: all). */
export const RESOLVE_ROOT_CLAIM: Hex = encodeFunctionData({ abi: GAME, functionName: "resolveClaim", args: [0n, 0n] });
export const RESOLVE_GAME: Hex = encodeFunctionData({ abi: GAME, functionName: "resolve" });

function extraData(l2Block: number): Hex {
  return encodeAbiParameters([{ type: "uint256" }], [BigInt(l2Block)]);
}
