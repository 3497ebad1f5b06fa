import { formatUnits, parseUnits, plainText } from "../chain/format.ts";
import type { Amount } from "./AmountField.tsx";

export interface TokenUnit {
  readonly symbol: string;
  readonly decimals: number;
}

/** What was typed: an amount, a problem, or nothing yet. @param most what there is; undefined while unknown. */
export function readAmount(text: string, { decimals, symbol }: TokenUnit, most: bigint | undefined): Amount {
  if (text.trim() === "") return undefined;
  const units = parseUnits(text, decimals);
  if (units === undefined) return { problem: `Enter an amount, such as ${decimals === 0 ? "5" : "0.5"}.` };
  if (units === 0n) return { problem: "Enter more than zero." };
  if (most !== undefined && units > most) {
    return { problem: `You have ${formatUnits(most, decimals, 4)} ${plainText(symbol)} there.` };
  }
  return { units };
}
