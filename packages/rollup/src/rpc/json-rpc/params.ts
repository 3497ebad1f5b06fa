import type { Hex } from "@altlayer/engine";
import { z } from "zod";
import type { DecodeFailure } from "./issues.ts";
import { decoded, jsonKind } from "./issues.ts";

/** Schemas of parameters that many methods share. They accept what go-ethereum accepts. */

const hexDigits = /^[0-9a-fA-F]*$/;

function hexBody(value: unknown, goType: string): { readonly value: string } | DecodeFailure {
  if (typeof value !== "string") return { reason: "non-string", goType };
  if (value === "") return { reason: "empty hex string", goType };
  if (!value.startsWith("0x") && !value.startsWith("0X")) return { reason: "hex string without 0x prefix", goType };
  return { value: value.slice(2) };
}

function fixedBytes(digits: number, goType: string) {
  return decoded<Hex>((value) => {
    const body = hexBody(value, goType);
    if (!("value" in body)) return body;
    if (body.value.length % 2 !== 0) return { reason: "hex string of odd length", goType };
    if (body.value.length !== digits) {
      return {
        reason: `hex string has length ${body.value.length}, want ${digits} for ${goType}`,
      };
    }
    if (!hexDigits.test(body.value)) return { reason: "invalid hex string", goType };
    return { value: `0x${body.value.toLowerCase()}` };
  });
}

function uint(bits: number, goType: string) {
  return decoded<bigint>((value) => {
    const body = hexBody(value, goType);
    if (!("value" in body)) return body;
    if (body.value === "") return { reason: 'hex string "0x"', goType };
    if (!hexDigits.test(body.value)) return { reason: "invalid hex string", goType };
    if (body.value.length > 1 && body.value.startsWith("0")) {
      return { reason: "hex number with leading zero digits", goType };
    }
    if (body.value.length * 4 > bits) return { reason: `hex number > ${bits} bits`, goType };
    return { value: BigInt(`0x${body.value}`) };
  });
}

export const address = fixedBytes(40, "common.Address");
export const hash = fixedBytes(64, "common.Hash");
export const uint64 = uint(64, "hexutil.Uint64");
export const uint256 = uint(256, "hexutil.Big");
/** A quantity passed on as it came, after the check. */
export const uint64Hex = uint64.transform((value): Hex => `0x${value.toString(16)}`);
export const uint256Hex = uint256.transform((value): Hex => `0x${value.toString(16)}`);

export const bytes = decoded<Hex>((value) => {
  const goType = "hexutil.Bytes";
  const body = hexBody(value, goType);
  if (!("value" in body)) return body;
  if (body.value.length % 2 !== 0) return { reason: "hex string of odd length", goType };
  if (!hexDigits.test(body.value)) return { reason: "invalid hex string", goType };
  return { value: `0x${body.value}` as Hex };
});

export const bool = decoded<boolean>((value) =>
  typeof value === "boolean" ? { value } : { reason: jsonKind(value), goType: "bool" },
);

export const text = decoded<string>((value) =>
  typeof value === "string" ? { value } : { reason: jsonKind(value), goType: "string" },
);

function decodeStorageKey(value: unknown): { readonly value: string } | DecodeFailure {
  if (typeof value !== "string") return { reason: jsonKind(value), goType: "string" };
  const body = value.startsWith("0x") || value.startsWith("0X") ? value.slice(2) : value;
  if (!hexDigits.test(body)) return { reason: `unable to decode storage key: hex string invalid` };
  if (body.length > 64)
    return {
      reason: `unable to decode storage key: hex string too long, want at most 32 bytes`,
    };
  return { value: body.toLowerCase() };
}

/** A storage key as clients send it: up to 32 bytes, leading zeros optional, odd digits allowed (geth's `decodeHash`). */
export const storageKey = decoded<Hex>((value) => {
  const body = decodeStorageKey(value);
  return "value" in body ? { value: `0x${body.value.padStart(64, "0")}` } : body;
});

/** The same where the answer names the key again: one of 32 bytes as such, a shorter one as a quantity, as geth does. */
export const proofKey = decoded<Hex>((value) => {
  const body = decodeStorageKey(value);
  if (!("value" in body)) return body;
  return {
    value:
      body.value.length > 62
        ? `0x${body.value.padStart(64, "0")}`
        : `0x${BigInt(`0x${body.value || "0"}`).toString(16)}`,
  };
});

const tags = new Set(["latest", "pending", "earliest", "safe", "finalized"]);

const ABOVE_INT64 = "block number larger than int64";

function decodeBlockNumber(value: unknown): { readonly value: Hex | BlockTag } | DecodeFailure {
  if (typeof value !== "string") return { reason: "hex string without 0x prefix" };
  if (tags.has(value)) return { value: value as BlockTag };
  if (value === "") return { reason: "empty hex string" };
  if (!value.startsWith("0x")) return { reason: "hex string without 0x prefix" };
  const digits = value.slice(2);
  if (digits === "") return { reason: 'hex string "0x"' };
  if (!hexDigits.test(digits)) return { reason: "invalid hex string" };
  if (digits.length > 1 && digits.startsWith("0")) return { reason: "hex number with leading zero digits" };
  if (digits.length > 16) return { reason: "hex number > 64 bits" };
  if (BigInt(value) > 0x7fff_ffff_ffff_ffffn) return { reason: ABOVE_INT64 };
  return { value: value.toLowerCase() as Hex };
}

export type BlockTag = "latest" | "pending" | "earliest" | "safe" | "finalized";
export const blockNumber = decoded<Hex | BlockTag>(decodeBlockNumber);

/** Number, tag, hash, or the object of EIP-1898. */
export type BlockId =
  | Hex
  | BlockTag
  | { readonly blockHash: Hex; readonly requireCanonical?: boolean }
  | { readonly blockNumber: Hex | BlockTag };

export const blockId = decoded<BlockId>((value): { readonly value: BlockId } | DecodeFailure => {
  if (typeof value === "string" && value.length === 66) {
    const parsed = hash.safeParse(value);
    return parsed.success
      ? { value: { blockHash: parsed.data } }
      : { reason: "invalid hex string", goType: "common.Hash" };
  }
  if (typeof value === "string") {
    const number = decodeBlockNumber(value);
    return "reason" in number && number.reason === ABOVE_INT64 ? { reason: "blocknumber too high" } : number;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { reason: jsonKind(value), goType: "string" };
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const byHash = fields.blockHash ?? undefined;
  const byNumber = fields.blockNumber ?? undefined;
  if (byHash !== undefined && byNumber !== undefined) {
    return {
      reason: "cannot specify both BlockHash and BlockNumber, choose one or the other",
    };
  }
  if (byNumber !== undefined) {
    const number = decodeBlockNumber(byNumber);
    return "value" in number ? { value: { blockNumber: number.value } } : number;
  }
  if (byHash === undefined)
    return {
      reason: "at least one of blockNumber or blockHash is needed if block is specified",
    };
  const parsed = hash.safeParse(byHash);
  if (!parsed.success)
    return {
      reason: parsed.error.issues[0]?.message ?? "invalid hash",
      goType: "common.Hash",
    };
  const canonical = fields.requireCanonical ?? false;
  if (typeof canonical !== "boolean") return { reason: jsonKind(canonical), goType: "bool" };
  return { value: { blockHash: parsed.data, requireCanonical: canonical } };
});

/** An object whose fields the engine decodes itself; only its kind is checked here. */
export const object = decoded<Readonly<Record<string, unknown>>>((value) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? { value: value as Readonly<Record<string, unknown>> }
    : { reason: jsonKind(value), goType: "struct" },
);

export const list = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (value) => value,
    z.array(schema, {
      error: "json: cannot unmarshal non-array into Go value of type []",
    }),
  );
