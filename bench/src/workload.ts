import { contractsOf, PAIRS, ROUTER, TOKENS } from "./contracts.ts";

export type WorkloadName = "transfers" | "erc20" | "swap";

/** Genesis accounts as the loader writes them (bench/loader/src/alloc.rs). */
export interface AllocSpec {
  readonly accounts: number;
  readonly senders: number;
  readonly balanceWei: string;
  readonly contracts: readonly object[];
}

/** A load as the loader signs it (bench/loader/src/sign.rs). */
export interface SignSpec {
  readonly chainId: number;
  readonly transactions: number;
  readonly accounts: number;
  readonly keyed: number;
  readonly senders: number;
  readonly firstSender: number;
  readonly firstNonce: number;
  readonly seed: number;
  readonly maxFeePerGas: number;
  readonly maxPriorityFeePerGas: number;
  readonly workload: object;
}

export const CHAIN_ID = 901;
const BALANCE_WEI = (10n ** 24n).toString();
/** High enough for every base fee that a run can reach on any of the chains. */
const MAX_FEE_WEI = 10_000_000_000_000;
const TIP_WEI = 1_000_000_000;
/** Above what a token transfer to a new holder, and a swap, use: 55,000 and 125,000. */
const ERC20_GAS = 65_000;
const SWAP_GAS = 180_000;
/** One transaction of the swap mix in so many is a token transfer. */
const TRANSFER_EVERY = 5;

export interface WorkloadOptions {
  readonly workload: WorkloadName;
  readonly accounts: number;
  /** Accounts with keys; default: the senders. */
  readonly keyed?: number;
  readonly senders: number;
  /** The first account that sends; default 0. */
  readonly firstSender?: number;
  /** Default 0. */
  readonly firstNonce?: number;
  readonly transactions: number;
  readonly seed: number;
  /** Transfers go to each account in turn instead of to random ones. */
  readonly inTurn?: boolean;
}

export function allocSpec(options: Omit<WorkloadOptions, "transactions" | "seed">): AllocSpec {
  const { workload, accounts, keyed: senders = options.senders } = options;
  const contracts = workload === "transfers" ? [] : contractsOf({ workload, holders: senders });
  return { accounts, senders, balanceWei: `0x${BigInt(BALANCE_WEI).toString(16)}`, contracts };
}

export function signSpec(options: WorkloadOptions): SignSpec {
  const { workload, accounts, senders, keyed = senders, firstSender = 0, firstNonce = 0, transactions, seed } = options;
  return {
    chainId: CHAIN_ID,
    transactions,
    accounts,
    keyed,
    senders,
    firstSender,
    firstNonce,
    seed,
    maxFeePerGas: MAX_FEE_WEI,
    maxPriorityFeePerGas: TIP_WEI,
    workload: details(workload, options.inTurn ?? false),
  };
}

function details(workload: WorkloadName, inTurn: boolean): object {
  switch (workload) {
    case "transfers":
      return { kind: "transfers", inTurn };
    case "erc20":
      return { kind: "erc20", token: TOKENS[0], gas: ERC20_GAS };
    case "swap":
      return {
        kind: "swap",
        router: ROUTER,
        pairs: PAIRS.map(({ tokens }) => tokens),
        gas: SWAP_GAS,
        transferEvery: TRANSFER_EVERY,
      };
  }
}
