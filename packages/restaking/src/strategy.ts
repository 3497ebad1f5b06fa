import { execute } from "@altlayer/sdk";
import { type Address, zeroAddress } from "viem";
import type { CoreAddresses } from "./core.ts";
import { abiOf, type Clients } from "./deployment.ts";
import { read } from "./transaction.ts";

/** The strategy of a token: the core's factory makes one for each, open for deposits. Tokens that take a fee are no stake. */
export async function ensureStrategy(
  { core, token }: { readonly core: CoreAddresses; readonly token: Address },
  clients: Clients,
): Promise<{ readonly strategy: Address; readonly created: boolean }> {
  const [address, abi] = [core.strategyFactory, abiOf("StrategyFactory")];
  const find = () => read<Address>(clients.publicClient, address, abi, "deployedStrategies", [token]);
  const known = await find();
  if (known !== zeroAddress) return { strategy: known, created: false };
  await execute({ label: "make a strategy", address, abi, functionName: "deployNewStrategy", args: [token] }, clients);
  return { strategy: await find(), created: true };
}
