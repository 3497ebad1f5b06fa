import { type Address, erc20Abi } from "viem";
import type { AnyClient } from "../rpc/call.ts";
import { view } from "./call.ts";
import { allocationManagerAbi } from "./generated/allocation-manager.ts";
import { delegationManagerAbi } from "./generated/delegation-manager.ts";
import { machRegistrarAbi } from "./generated/mach-registrar.ts";
import { operatorTableAbi } from "./generated/operator-table.ts";
import type { ServiceContext, StrategyContext } from "./sets.ts";
import { tokenOf } from "./stake.ts";

/** A service as the L1 itself describes it. */
export interface StakingService extends ServiceContext {
  readonly strategies: readonly (StrategyContext & { readonly decimals: number })[];
}

const SYMBOL_MAX = 64;
const DECIMALS_DEFAULT = 18;

/**
 * Finds the contracts of a MACH service, its core and its strategies, from the AVS address alone.
 * @param options.avs the service's registrar, from whom you trust: who names another one gets the stake.
 * @throws SdkError `SERVICE_UNKNOWN` where no service is at the address; viem's errors
 */
export async function getStakingService(
  client: AnyClient,
  { avs }: { readonly avs: Address },
): Promise<StakingService> {
  const registrar = { address: avs, abi: machRegistrarAbi } as const;
  const [rollupId, allocationManager, keyRegistrar, rewardsCoordinator, table, verifier, slasher, rewards] =
    await Promise.all([
      view(client, { ...registrar, functionName: "rollupId" }),
      view(client, { ...registrar, functionName: "allocationManager" }),
      view(client, { ...registrar, functionName: "keyRegistrar" }),
      view(client, { ...registrar, functionName: "rewardsCoordinator" }),
      view(client, { ...registrar, functionName: "table" }),
      view(client, { ...registrar, functionName: "verifier" }),
      view(client, { ...registrar, functionName: "slasher" }),
      view(client, { ...registrar, functionName: "rewards" }),
    ]);
  const [delegationManager, counted] = await Promise.all([
    view(client, { address: allocationManager, abi: allocationManagerAbi, functionName: "delegation" }),
    view(client, { address: table, abi: operatorTableAbi, functionName: "strategies" }),
  ]);
  const [strategyManager, strategies] = await Promise.all([
    view(client, { address: delegationManager, abi: delegationManagerAbi, functionName: "strategyManager" }),
    Promise.all(
      counted.map(async ({ strategy, class: class_, multiplier }) => {
        const token = await tokenOf(strategy, client);
        // Tokens from before the standard have neither, or have them in another form.
        const [symbol, decimals] = await Promise.all([
          view(client, { address: token, abi: erc20Abi, functionName: "symbol" }).catch(() => token as string),
          view(client, { address: token, abi: erc20Abi, functionName: "decimals" }).catch(() => DECIMALS_DEFAULT),
        ]);
        return { strategy, token, symbol: symbol.slice(0, SYMBOL_MAX), decimals, class: class_, multiplier };
      }),
    ),
  ]);
  return {
    core: { allocationManager, delegationManager, strategyManager, keyRegistrar, rewardsCoordinator },
    suite: { rollupId, registrar: avs, table, verifier, slasher, rewards },
    strategies,
  };
}
