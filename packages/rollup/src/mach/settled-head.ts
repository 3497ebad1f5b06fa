import type { Hex, RollupConfig } from "@altlayer/protocol";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem/utils";
import type { Clock } from "../clock.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";

const ABI = parseAbi([
  "function anchorStateRegistry() view returns (address)",
  "function getAnchorRoot() view returns (bytes32, uint256)",
]);
const REFRESH_MS = 10_000;

/** How far dispute games have settled the chain: withdrawals up to that block pay out. Asked for at most every ten seconds. */
export class SettledHead {
  readonly #portal: Hex;
  readonly #rpc: JsonRpcClient;
  readonly #clock: Clock;
  #known: { readonly number: number; readonly registry: Hex } | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(
    options: { readonly rollup: RollupConfig },
    dependencies: { readonly rpc: JsonRpcClient; readonly clock: Clock },
  ) {
    this.#portal = options.rollup.depositContractAddress;
    this.#rpc = dependencies.rpc;
    this.#clock = dependencies.clock;
  }

  /** The L2 block of the anchor state, and who says so; `null` while the L1 does not tell. */
  async get(): Promise<{ readonly number: number; readonly registry: Hex } | null> {
    if (this.#clock.nowMs() - this.#askedMs < REFRESH_MS) return this.#known;
    this.#askedMs = this.#clock.nowMs();
    try {
      const registry = (await this.#read(this.#portal, "anchorStateRegistry")) as Hex;
      const [, number] = (await this.#read(registry, "getAnchorRoot")) as readonly [Hex, bigint];
      this.#known = { number: Number(number), registry };
    } catch {
      // What was settled stays so.
    }
    return this.#known;
  }

  async #read(to: Hex, functionName: "anchorStateRegistry" | "getAnchorRoot"): Promise<unknown> {
    const call = { to, data: encodeFunctionData({ abi: ABI, functionName }) };
    const answer = parseAnswer(data, await this.#rpc.call("eth_call", [call, "latest"]), "eth_call");
    return decodeFunctionResult({ abi: ABI, functionName, data: answer });
  }
}
