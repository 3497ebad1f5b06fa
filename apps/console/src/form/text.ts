import { formatEther, formatInteger } from "../chain/format.ts";
import { isWei } from "./check.ts";
import type { Leaf } from "./schema.ts";

const TEXT_MAX = 200;

/** A field's value as a person reads it, its default where none is given. */
export function textOf({ schema, notes, path }: Pick<Leaf, "schema" | "notes" | "path">, given: unknown): string {
  const value = given ?? schema.default;
  if (value === undefined) return "not set";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") {
    const number = /chainId$/.test(path) ? String(value) : formatInteger(value);
    return notes.unit === undefined ? number : `${number} ${notes.unit}`;
  }
  if (typeof value === "string")
    return isWei(schema) && /^\d+$/.test(value) ? `${formatEther(BigInt(value), 18)} ETH` : value;
  if (Array.isArray(value)) {
    if (value.length === 0) return "none";
    if (value.every((entry) => typeof entry === "string")) return value.join(", ");
    return value.length === 1 ? "1 entry" : `${formatInteger(value.length)} entries`;
  }
  return JSON.stringify(value).slice(0, TEXT_MAX);
}
