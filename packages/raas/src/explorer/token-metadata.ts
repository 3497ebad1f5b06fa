import { decodeAbiParameters, hexToString } from "viem";
import { rpcBatch } from "../rpc-batch.ts";
import type { Hex } from "../spec/primitives.ts";
import type { ChainSource } from "./chain-data.ts";

export interface TokenMetadata {
  readonly name: string | null;
  readonly symbol: string | null;
  readonly decimals: number | null;
}

const NAME = "0x06fdde03";
const SYMBOL = "0x95d89b41";
const DECIMALS = "0x313ce567";
const TEXT_MAX = 64;

/** Asks a token how it calls itself. Whatever it answers is text of a stranger: short, and without control characters. */
export async function tokenMetadata({ rpcUrl, headers }: ChainSource, token: string): Promise<TokenMetadata> {
  const call = (data: string) => ["eth_call", [{ to: token, data }, "latest"]] as const;
  const [name, symbol, decimals] = await rpcBatch(rpcUrl, [call(NAME), call(SYMBOL), call(DECIMALS)], { headers });
  return { name: textOf(name), symbol: textOf(symbol), decimals: decimalsOf(decimals) };
}

function textOf(answer: unknown): string | null {
  if (typeof answer !== "string" || answer.length < 66) return null;
  try {
    // Old tokens answer with 32 bytes instead of a string.
    const [text] =
      answer.length === 66
        ? [hexToString(answer as Hex, { size: 32 })]
        : decodeAbiParameters([{ type: "string" }], answer as Hex);
    return clean(text);
  } catch {
    return null;
  }
}

/** Control characters and those that turn the direction of text would let a token pass for another. */
export function clean(text: string): string | null {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, "").trim();
  return shown === "" ? null : [...shown].slice(0, TEXT_MAX).join("");
}

function decimalsOf(answer: unknown): number | null {
  if (typeof answer !== "string" || !/^0x[0-9a-f]{64}$/.test(answer)) return null;
  const value = BigInt(answer);
  return value <= 255n ? Number(value) : null;
}
