import type { Hex } from "../api/types.ts";

const KEPT_MAX = 50;
const keyOf = (rollup: string, account: Hex) => `altlayer-withdrawals-${rollup}-${account}`;

/** Withdrawals that this browser started: they wait for days, longer than a search of the newest blocks reaches. */
export function rememberedWithdrawals(rollup: string, account: Hex): readonly Hex[] {
  try {
    const held: unknown = JSON.parse(localStorage.getItem(keyOf(rollup, account)) ?? "[]");
    return Array.isArray(held)
      ? held.filter((each): each is Hex => typeof each === "string" && /^0x[0-9a-f]{64}$/.test(each)).slice(0, KEPT_MAX)
      : [];
  } catch {
    return [];
  }
}

export function rememberWithdrawal(rollup: string, account: Hex, hash: Hex): void {
  const kept = [hash, ...rememberedWithdrawals(rollup, account)].slice(0, KEPT_MAX);
  localStorage.setItem(keyOf(rollup, account), JSON.stringify(kept));
}
