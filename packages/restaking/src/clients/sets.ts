import type { Address } from "viem";
import type { CoreAddresses } from "../core.ts";
import type { SuiteAddresses } from "../services.ts";

/** What the clients of one service need to know. `MachServiceFile` has it. */
export interface ServiceContext {
  readonly core: CoreAddresses;
  readonly suite: SuiteAddresses;
  readonly strategies: readonly StrategyContext[];
  /** Events are looked for from this L1 block on. */
  readonly fromBlock?: number | undefined;
}

export interface StrategyContext {
  readonly strategy: Address;
  readonly token: Address;
  readonly symbol: string;
  readonly class: number;
  readonly multiplier: bigint;
}

/** The core's `OperatorSet` struct. Suites of the factory use set 0. */
export function operatorSet({ suite }: Pick<ServiceContext, "suite">): { readonly avs: Address; readonly id: number } {
  return { avs: suite.registrar, id: 0 };
}
