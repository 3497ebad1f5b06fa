import type { Eip1559Defaults, ForkName, ForkTimes } from "@altlayer/protocol";
import { FORKS } from "@altlayer/protocol";
import type { Hex, L1Addresses, L1Anchor } from "../types.ts";

/** Where a fee vault pays out to. */
export interface FeeVaultOptions {
  readonly recipient: Hex;
  readonly minimumWithdrawalWei: bigint;
  readonly network: "L1" | "L2";
}

export interface GenesisOptions {
  readonly l1ChainId: number;
  readonly l2ChainId: number;
  readonly anchor: L1Anchor;
  readonly addresses: L1Addresses;
  /** Owner of the L2 proxies. */
  readonly owner: Hex;
  readonly gasLimit: number;
  readonly forkTimes: ForkTimes;
  readonly eip1559Defaults: Eip1559Defaults;
  /** Of the first Holocene blocks; default: the configuration's values. */
  readonly eip1559?: { readonly denominator: number; readonly elasticity: number };
  readonly feeVaults: {
    readonly sequencer: FeeVaultOptions;
    readonly baseFee: FeeVaultOptions;
    readonly l1Fee: FeeVaultOptions;
  };
  /** Accounts that hold ether from the start, in wei. */
  readonly balances?: Readonly<Record<Hex, bigint>>;
  /** Contracts that are there from the start, besides the OP Stack's own. Lower-case addresses. */
  readonly contracts?: Readonly<Record<Hex, { readonly code: Hex; readonly storage: Readonly<Record<Hex, Hex>> }>>;
  /** Puts the governance token of the contracts' package at its address, with this owner. */
  readonly governanceTokenOwner?: Hex;
}

/** Each fork up to and with `newest`, active from genesis on. */
export function forkTimesAtGenesis(newest: ForkName): ForkTimes {
  const last = FORKS.findIndex(({ name }) => name === newest);
  return Object.fromEntries(FORKS.slice(0, last + 1).map(({ name }) => [name, 0]));
}

/** The values of OP Mainnet: 250 since Canyon makes the base fee follow slowly, for blocks of two seconds. */
export const EIP1559_DEFAULTS: Eip1559Defaults = { elasticity: 6, denominator: 50, denominatorCanyon: 250 };

/** All fees to one recipient on L2, from the first wei on. */
export function feeVaultsTo(recipient: Hex): GenesisOptions["feeVaults"] {
  const vault: FeeVaultOptions = { recipient, minimumWithdrawalWei: 0n, network: "L2" };
  return { sequencer: vault, baseFee: vault, l1Fee: vault };
}
