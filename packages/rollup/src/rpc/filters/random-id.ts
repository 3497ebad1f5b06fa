import { randomBytes } from "node:crypto";

/** Identifier of a filter or subscription: 128 random bits as a quantity, so without leading zeros (go-ethereum's `rpc.NewID`). */
export function randomId(): string {
  return `0x${BigInt(`0x${randomBytes(16).toString("hex")}`).toString(16)}`;
}
