import type { Address, Hex } from "viem";

/** EigenLayer's contracts, as far as stakers and operators meet them. */
export interface StakingCore {
  readonly allocationManager: Address;
  readonly delegationManager: Address;
  readonly strategyManager: Address;
  readonly keyRegistrar: Address;
  readonly rewardsCoordinator: Address;
}

/** The contracts of one rollup's service; `registrar` is the AVS. */
export interface StakingSuite {
  readonly rollupId: Hex;
  readonly registrar: Address;
  readonly table: Address;
  readonly verifier: Address;
  readonly slasher: Address;
  readonly rewards: Address;
}

/** What the clients of one service need to know. A service's `mach.json` has it, and `getStakingService` finds it. */
export interface ServiceContext {
  readonly core: StakingCore;
  readonly suite: StakingSuite;
  readonly strategies: readonly StrategyContext[];
  /** Events are looked for from this L1 block on. */
  readonly fromBlock?: number | undefined;
}

export interface StrategyContext {
  readonly strategy: Address;
  readonly token: Address;
  readonly symbol: string;
  /** Asset class: a quorum takes the threshold in each. */
  readonly class: number;
  /** Weight of a share, in 1e18ths. */
  readonly multiplier: bigint;
}

/** The core's `OperatorSet` struct. Suites of the factory use set 0. */
export function operatorSet({ suite }: Pick<ServiceContext, "suite">): { readonly avs: Address; readonly id: number } {
  return { avs: suite.registrar, id: 0 };
}
