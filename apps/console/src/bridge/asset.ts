import { queryOptions } from "@tanstack/react-query";
import { encodeEventTopics, parseAbi } from "viem";
import { readContract, waitForTransactionReceipt, writeContract } from "viem/actions";
import type { Hex } from "../api/types.ts";
import type { Rpc } from "../chain/rpc.ts";
import { Logs } from "../chain/shapes.ts";
import type { Token } from "../chain/token.ts";
import type { Provider } from "../wallet/provider.ts";
import type { Sides } from "./clients.ts";
import { walletOn } from "./clients.ts";
import { BridgeError } from "./errors.ts";

/** What is moved: ether, or a token of the settlement chain and the one that stands for it on the rollup. */
export type Asset =
  | { readonly kind: "ether"; readonly symbol: "ETH"; readonly decimals: 18 }
  | {
      readonly kind: "token";
      readonly l1: Hex;
      /** Null: nobody has made one yet. */
      readonly l2: Hex | null;
      readonly symbol: string;
      readonly decimals: number;
    };
export const ETHER: Asset = { kind: "ether", symbol: "ETH", decimals: 18 };

/** Makes tokens that the rollup's bridge may mint and burn (OP Stack specification, predeploys). */
const FACTORY: Hex = "0x4200000000000000000000000000000000000012";
const FACTORY_ABI = parseAbi([
  "event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer)",
  "function createOptimismMintableERC20WithDecimals(address remoteToken, string name, string symbol, uint8 decimals) returns (address)",
]);
const TOKEN_ABI = parseAbi(["function decimals() view returns (uint8)", "function symbol() view returns (string)"]);
const WAIT_MS = 5 * 60_000;
const PAIRS_MAX = 200;

export interface Pair {
  readonly l1: Hex;
  readonly l2: Hex;
}

async function pairs(rpc: Rpc, topics: readonly (Hex | readonly Hex[] | null)[]): Promise<readonly Pair[]> {
  const filter = { address: FACTORY, topics, fromBlock: "0x0", toBlock: "latest" };
  const logs = await rpc.call("eth_getLogs", [filter], Logs);
  return logs.flatMap(({ topics: [, local, remote] }) =>
    local === undefined || remote === undefined
      ? []
      : [{ l2: `0x${local.slice(26)}`, l1: `0x${remote.slice(26)}` } as const],
  );
}

/** Tokens that were made on the rollup for tokens of the settlement chain, the oldest first. */
export const pairsQuery = (rpc: Rpc, key: string) =>
  queryOptions({
    queryKey: ["chain", key, "bridge-pairs"],
    refetchInterval: 5_000,
    queryFn: async () => {
      const made = await pairs(
        rpc,
        encodeEventTopics({ abi: FACTORY_ABI, eventName: "OptimismMintableERC20Created" }) as Hex[],
      );
      return made.slice(0, PAIRS_MAX);
    },
  });

/**
 * The rollup's token for one of the settlement chain: the oldest that counts in the same units under the same symbol.
 * Anyone may make another; its units would be others.
 */
export async function counterpartOf(token: Token, { l2 }: Sides, rpc: Rpc): Promise<Hex | null> {
  const args = { remoteToken: token.address };
  const topics = encodeEventTopics({ abi: FACTORY_ABI, eventName: "OptimismMintableERC20Created", args });
  for (const pair of (await pairs(rpc, topics as Hex[])).slice(0, PAIRS_MAX)) {
    const view = { address: pair.l2, abi: TOKEN_ABI } as const;
    const [decimals, symbol] = await Promise.all([
      readContract(l2, { ...view, functionName: "decimals" }),
      readContract(l2, { ...view, functionName: "symbol" }),
    ]);
    if (decimals === token.decimals && symbol === token.symbol) return pair.l2;
  }
  return null;
}

/** Makes the rollup's token for one of the settlement chain. @throws BridgeError, WalletError, viem's errors */
export async function createCounterpart(
  token: Token,
  { sides, provider, account }: { readonly sides: Sides; readonly provider: Provider; readonly account: Hex },
): Promise<void> {
  const hash = await writeContract(walletOn(sides.l2, provider, account), {
    address: FACTORY,
    abi: FACTORY_ABI,
    functionName: "createOptimismMintableERC20WithDecimals",
    args: [token.address, token.name, token.symbol, token.decimals],
  });
  const receipt = await waitForTransactionReceipt(sides.l2, { hash, timeout: WAIT_MS });
  if (receipt.status !== "success")
    throw new BridgeError({ code: "REVERTED", message: "The token could not be made on the rollup." });
}
