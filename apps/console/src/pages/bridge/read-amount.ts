import type { Asset } from "../../bridge/asset.ts";
import { formatUnits, parseUnits } from "../../chain/format.ts";
import type { Amount } from "../../ui/AmountField.tsx";

/** What was typed: an amount, a problem, or nothing yet. */
export function readAmount(text: string, balance: bigint | undefined, { kind, symbol, decimals }: Asset): Amount {
  if (text.trim() === "") return undefined;
  const units = parseUnits(text, decimals);
  if (units === undefined) {
    return {
      problem: `Enter an amount of ${kind === "ether" ? "ether" : symbol}, such as ${decimals === 0 ? "5" : "0.5"}.`,
    };
  }
  if (units === 0n) return { problem: "Enter more than zero." };
  if (balance !== undefined && units > balance) {
    return { problem: `You have ${formatUnits(balance, decimals, 4)} ${symbol} there.` };
  }
  return { units };
}
