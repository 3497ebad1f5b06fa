import { queryOptions } from "@tanstack/react-query";
import { decodeAbiParameters } from "viem";
import { plainText } from "./format.ts";
import type { Rpc } from "./rpc.ts";
import { RpcError } from "./rpc-error.ts";
import { hex, quantity } from "./shapes.ts";

type Hex = `0x${string}`;

/** Selectors of ERC-20's views. */
const NAME = "0x06fdde03";
const SYMBOL = "0x95d89b41";
const DECIMALS = "0x313ce567";
const TOTAL_SUPPLY = "0x18160ddd";
const BALANCE_OF = "0x70a08231";
const DECIMALS_MAX = 77n;
const TEXT_BYTES_MAX = 2_000;

export interface Token {
  readonly address: Hex;
  /** Made plain: a contract may call itself anything. */
  readonly name: string;
  readonly symbol: string;
  readonly decimals: number;
  readonly totalSupply: bigint;
}

/** Strings, and the bytes32 of early tokens. */
function textOf(answer: Hex): string {
  if (answer.length > 2 + 2 * TEXT_BYTES_MAX) return "";
  try {
    return plainText(decodeAbiParameters([{ type: "string" }], answer)[0]);
  } catch {
    const bytes = Uint8Array.from(answer.slice(2, 66).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    return plainText(new TextDecoder().decode(bytes).replace(/\0+$/, ""));
  }
}

/** What a token says of itself; null when the contract is none. */
export const tokenQuery = (rpc: Rpc, key: string, address: Hex) =>
  queryOptions({
    queryKey: ["chain", key, "token", address],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<Token | null> => {
      const view = (data: Hex) => rpc.call("eth_call", [{ to: address, data }, "latest"], hex);
      try {
        const [supply, decimals, name, symbol] = await Promise.all([
          view(TOTAL_SUPPLY),
          view(DECIMALS),
          view(NAME),
          view(SYMBOL),
        ]);
        // A contract without these functions may answer with nothing at all.
        if (supply.length !== 66 || decimals.length !== 66 || BigInt(decimals) > DECIMALS_MAX) return null;
        return {
          address,
          name: textOf(name),
          symbol: textOf(symbol),
          decimals: Number(decimals),
          totalSupply: BigInt(supply),
        };
      } catch (error) {
        if (error instanceof RpcError) return null;
        throw error;
      }
    },
  });

/** ERC-20's and ERC-721's `balanceOf`. @throws RpcError where the contract has none */
export const balanceOf = (
  rpc: Rpc,
  { token, account }: { readonly token: Hex; readonly account: Hex },
): Promise<bigint> => {
  const data = BALANCE_OF + account.slice(2).padStart(64, "0");
  return rpc.call("eth_call", [{ to: token, data }, "latest"], quantity);
};

/** What an account has of a token; null where the contract does not say. */
export const tokenBalanceQuery = (rpc: Rpc, key: string, of: { readonly token: Hex; readonly account: Hex }) =>
  queryOptions({
    queryKey: ["chain", key, "token-balance", of.account, of.token],
    refetchInterval: 4_000,
    queryFn: (): Promise<bigint | null> =>
      balanceOf(rpc, of).catch((error: unknown) => {
        if (error instanceof RpcError) return null;
        throw error;
      }),
  });

export const accountQuery = (rpc: Rpc, key: string, address: Hex) =>
  queryOptions({
    queryKey: ["chain", key, "account", address],
    refetchInterval: 4_000,
    queryFn: async () => {
      const [balance, nonce, code] = await Promise.all([
        rpc.call("eth_getBalance", [address, "latest"], quantity),
        rpc.call("eth_getTransactionCount", [address, "latest"], quantity),
        rpc.call("eth_getCode", [address, "latest"], hex),
      ]);
      return { balance, nonce, code };
    },
  });
