import { createHash, randomBytes } from "node:crypto";

export type IdPrefix = "usr" | "team" | "tok" | "rol" | "aud" | "inc" | "dst" | "dlv" | "drl" | "rst" | "rot";

let lastMs = 0;
let counter = 0;

/**
 * An identifier whose text sorts by its time of birth: prefix, 9 base-36 digits of milliseconds, 3 of a counter within
 * the millisecond, and 64 random bits.
 */
export function newId(prefix: IdPrefix, nowMs: number): string {
  counter = nowMs === lastMs ? counter + 1 : 0;
  lastMs = nowMs;
  const time = nowMs.toString(36).padStart(9, "0");
  return `${prefix}_${time}${counter.toString(36).padStart(3, "0")}${randomBytes(8).toString("hex")}`;
}

/** A secret for a link, a session or a token: 256 random bits as text. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** What is stored instead of a secret. A plain hash does, since nobody guesses 256 random bits. */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
