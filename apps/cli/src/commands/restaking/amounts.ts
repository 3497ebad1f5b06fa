import type { MachServiceFile } from "@altlayer/restaking";
import { type Address, erc20Abi, formatUnits, type PublicClient, parseUnits } from "viem";
import { CliError } from "../../errors.ts";
import { addressOf } from "./context.ts";

type Strategy = MachServiceFile["strategies"][number];

/** A strategy of the service, by its token's symbol, its token or itself; any other by its address. */
export function strategyOf(text: string, { strategies }: MachServiceFile): Pick<Strategy, "strategy" | "symbol"> {
  const known = strategies.find(({ strategy, token, symbol }) =>
    [strategy, token, symbol].some((name) => name.toLowerCase() === text.toLowerCase()),
  );
  if (known !== undefined) return known;
  if (!text.startsWith("0x")) {
    const symbols = strategies.map(({ symbol }) => symbol).join(", ");
    throw new CliError("USAGE", `the service has no strategy of ${text}: it has ${symbols}`);
  }
  return { strategy: addressOf(text, "strategy"), symbol: text };
}

/** A decimal amount of a token, in its smallest unit. */
export async function amountOf(text: string, token: Address, publicClient: PublicClient): Promise<bigint> {
  const decimals = await publicClient.readContract({ address: token, abi: erc20Abi, functionName: "decimals" });
  if (!/^\d+(\.\d+)?$/.test(text) || (text.split(".")[1]?.length ?? 0) > decimals) {
    throw new CliError("USAGE", `${text} is no amount of a token with ${decimals} decimals`);
  }
  return parseUnits(text, decimals);
}

/** A decimal amount with 18 decimals, as ALT and weights have. @throws CliError `USAGE`. */
export function weiOf(text: string, name: string): bigint {
  if (/^\d{1,30}(\.\d{1,18})?$/.test(text)) return parseUnits(text, 18);
  throw new CliError("USAGE", `${name} is no amount: ${text}`, { data: { [name]: text } });
}

/** Weights and shares have 18 decimals. */
export const shownAmount = (wei: bigint): string => formatUnits(wei, 18);
