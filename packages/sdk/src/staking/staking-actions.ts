import type { Address, TransactionReceipt } from "viem";
import type { AnyClient } from "../rpc/call.ts";
import { accountOf, type Call, executeAll, type OnStep } from "./call.ts";
import { getOperators, type OperatorStake } from "./getOperators.ts";
import { getSlashes, type Slashes } from "./getSlashes.ts";
import { getStake, type Stake } from "./getStake.ts";
import { getStakingService, type StakingService } from "./getStakingService.ts";
import type { KeyMaker } from "./keys.ts";
import {
  type AllocationState,
  allocateCalls,
  allocationsOf,
  joinCalls,
  leaveCalls,
  registerKeyCalls,
  registerOperatorCalls,
} from "./operator.ts";
import { type OperatorStatus, operatorStatus } from "./operator-status.ts";
import { claimableOf, claimCalls, claimOf } from "./rewards/distribution.ts";
import type { RewardsClaim } from "./rewards/merkle.ts";
import { type ServiceStatus, serviceStatus } from "./service-status.ts";
import {
  completeWithdrawalCalls,
  type DelegationApproval,
  delegateCalls,
  depositCalls,
  queueWithdrawalCalls,
  undelegateCalls,
} from "./stake.ts";
import { refreshCall } from "./table.ts";

type Staker = { readonly staker: Address };
type Operator = { readonly operator: Address };
type Deposit = { readonly strategy: Address; readonly amount: bigint; readonly wrapEther?: boolean };
type Delegate = Operator & { readonly approval?: DelegationApproval };
type Queue = { readonly strategy: Address; readonly depositShares?: bigint };
type Claim = { readonly claim?: RewardsClaim };

/** Reads of a service's restaking on its L1, for any client. A type and not an interface: `extend` wants that. */
export type StakingActions = {
  readonly getStakingService: () => Promise<StakingService>;
  readonly getServiceStatus: () => Promise<ServiceStatus>;
  readonly getOperators: () => Promise<readonly OperatorStake[]>;
  readonly getOperator: (query: Operator) => Promise<OperatorStatus>;
  readonly getAllocations: (query: Operator) => Promise<readonly AllocationState[]>;
  readonly getSlashes: () => Promise<Slashes>;
  readonly getStake: (query: Staker) => Promise<Stake>;
  /** What can be claimed, by token; `claim` from whoever made the rewards root, computed where that can be done. */
  readonly getRewards: (
    query: { readonly earner: Address } & Claim,
  ) => Promise<readonly { readonly token: Address; readonly amount: bigint }[]>;
};

/**
 * Restaking behind a rollup's MACH service, as actions of a viem client of the L1. The service is found from its AVS
 * address once; it never changes.
 * @example
 * const l1 = createPublicClient({ transport: http(url) }).extend(stakingActions({ avs }));
 * for (const { operator, weight } of await l1.getOperators()) console.log(operator, weight);
 */
export function stakingActions({ avs }: { readonly avs: Address }): (client: AnyClient) => StakingActions {
  return (client) => {
    const found = once(() => getStakingService(client, { avs }));
    return {
      getStakingService: found,
      getServiceStatus: async () => serviceStatus(await found(), client),
      getOperators: async () => getOperators(client, { service: await found() }),
      getOperator: async ({ operator }) => operatorStatus({ ...(await found()), operator }, client),
      getAllocations: async ({ operator }) => allocationsOf({ ...(await found()), operator }, client),
      getSlashes: async () => getSlashes(client, { service: await found() }),
      getStake: async ({ staker }) => getStake(client, { service: await found(), staker }),
      getRewards: async ({ earner, claim }) => {
        const service = await found();
        const proven = claim ?? (await claimOf({ ...service, earner }, client));
        return proven === undefined ? [] : claimableOf(service, proven, client);
      },
    };
  };
}

type Sends<Parameters> = (parameters: Parameters & { readonly onStep?: OnStep }) => Promise<TransactionReceipt[]>;

/**
 * What an account does, each as one or more L1 transactions: simulated, sent, waited for. An empty list of receipts
 * says that there was nothing to do. Errors are SdkErrors: `REFUSED` with the contract's own error, `CONFLICT`,
 * `TRANSACTION_REVERTED`.
 */
export type StakerActions = {
  /** Deposits a token; `wrapEther` makes it of ether first, where the token is WETH. */
  readonly deposit: Sends<Deposit>;
  /** All deposits, now and later, stand behind the operator: its slashes are theirs. */
  readonly delegate: Sends<Delegate>;
  /** Ends the delegation, and queues all deposits for withdrawal. */
  readonly undelegate: Sends<object>;
  /** Queues deposits for withdrawal; they wait `Stake.withdrawalDelay` blocks, slashable. */
  readonly queueWithdrawal: Sends<Queue>;
  /** Pays out all that has waited long enough. */
  readonly completeWithdrawals: Sends<object>;
  readonly claimRewards: Sends<Claim & { readonly recipient?: Address }>;
};

export type OperatorActions = {
  /** For ever. `allocationDelay`: L1 blocks until a raised allocation counts. */
  readonly registerOperator: Sends<{ readonly allocationDelay: number; readonly metadataURI?: string }>;
  /** `secret` is the set's: `keyInfo`. `bn254` makes keys and signatures; the SDK has none, to keep secrets out of it. */
  readonly registerKey: Sends<{ readonly secret: Uint8Array; readonly bn254: KeyMaker }>;
  /** `wad`: the part of the magnitude that the service may slash, in 1e18ths. */
  readonly allocate: Sends<{ readonly wad: bigint; readonly only?: readonly Address[] }>;
  readonly joinService: Sends<object>;
  readonly leaveService: Sends<object>;
  /** Has the service read these operators' stake from the core again; anybody may. */
  readonly refreshWeights: Sends<{ readonly operators: readonly Address[] }>;
};

interface Options {
  readonly avs: Address;
  /** Reads, simulates and waits; the wallet's own client unless given. */
  readonly publicClient?: AnyClient;
}

/**
 * @example
 * const wallet = createWalletClient({ account, chain, transport: custom(window.ethereum) }).extend(stakerActions({ avs }));
 * await wallet.deposit({ strategy, amount: parseEther("1"), wrapEther: true });
 * await wallet.delegate({ operator });
 */
export function stakerActions(options: Options): (client: AnyClient) => StakerActions {
  return (walletClient) => {
    const { send, publicClient, account, service } = sender(options, walletClient);
    const of = async () => ({ core: (await service()).core, staker: account() });
    return {
      deposit: send(async (deposit) => depositCalls({ ...(await of()), ...deposit }, publicClient)),
      delegate: send(async (delegate) => delegateCalls({ ...(await of()), ...delegate }, publicClient)),
      undelegate: send(async () => undelegateCalls(await of(), publicClient)),
      queueWithdrawal: send(async (queue) => queueWithdrawalCalls({ ...(await of()), ...queue }, publicClient)),
      completeWithdrawals: send(async () => completeWithdrawalCalls(await of(), publicClient)),
      claimRewards: send(async ({ recipient = account(), ...claim }) =>
        claimCalls({ ...(await service()), earner: account(), recipient, ...claim }, publicClient),
      ),
    };
  };
}

/** What an operator does for its service. Needs the service to exist, and `registerOperator` once. */
export function operatorActions(options: Options): (client: AnyClient) => OperatorActions {
  return (walletClient) => {
    const { send, publicClient, account, service } = sender(options, walletClient);
    const of = async () => ({ ...(await service()), operator: account() });
    return {
      registerOperator: send(async (register) => registerOperatorCalls({ ...(await of()), ...register }, publicClient)),
      registerKey: send(async ({ secret, bn254 }) =>
        registerKeyCalls({ ...(await of()), secret }, { publicClient, bn254 }),
      ),
      allocate: send(async (allocation) => allocateCalls({ ...(await of()), ...allocation }, publicClient)),
      joinService: send(async () => joinCalls(await of(), publicClient)),
      leaveService: send(async () => leaveCalls(await of(), publicClient)),
      refreshWeights: send(async ({ operators }) => [refreshCall(await service(), operators)]),
    };
  };
}

function sender({ avs, publicClient: given }: Options, walletClient: AnyClient) {
  const publicClient = given ?? walletClient;
  const service = once(() => getStakingService(publicClient, { avs }));
  const send =
    <Parameters extends object>(prepare: (parameters: Parameters) => Promise<readonly Call[]>): Sends<Parameters> =>
    async ({ onStep, ...parameters }) =>
      executeAll(await prepare(parameters as unknown as Parameters), { publicClient, walletClient }, onStep);
  return { send, publicClient, service, account: () => accountOf(walletClient).address };
}

/** Asked once; again after a failure. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask().catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
    return asked;
  };
}
