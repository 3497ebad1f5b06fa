import { packageContract } from "@altlayer/contracts";
import { receiptOf } from "@altlayer/sdk";
import {
  type Abi,
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeFunctionData,
  erc20Abi,
  type Hex,
  http,
  maxUint256,
  parseAbi,
  parseEventLogs,
  zeroAddress,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { anvil as chain } from "viem/chains";
import { startAnvil } from "../../../deployer/test/anvil.ts";
import { abiOf, type CoreAddresses, deployCore, ensureStrategy } from "../../src/index.ts";
import { type ModelOptions, Refused } from "../model/staking-model.ts";
import { keyOf } from "./service.ts";

/** The contracts under the model's actions: a core, one strategy, sets of an AVS whose slasher is one account. */
export interface StakingWorld {
  readonly core: CoreAddresses;
  readonly strategy: Address;
  readonly accounts: readonly PrivateKeyAccount[];
  readonly avs: Address;
  /** As the action's sender sees it; throws `Refused` where the core refuses. */
  act(who: number | "avs", to: Address, abi: Abi, functionName: string, args: readonly unknown[]): Promise<Outcome>;
  view<T>(to: Address, abi: Abi, functionName: string, args: readonly unknown[]): Promise<T>;
  mine(blocks: number): Promise<void>;
  blockNumber(): Promise<number>;
  /** Back to the beginning. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface Outcome {
  readonly block: number;
  events(abi: Abi, eventName: string): readonly { readonly args: unknown }[];
}

const ETHER = 10n ** 18n;
const WETH = parseAbi(["function deposit() payable"]);
/** Answers every call with one: a registrar that lets everybody in and out. */
const YES: Hex = "0x600160005260206000f3";
const REGISTRAR: Address = "0x00000000000000000000000000000000000000A5";
const GAS = 3_000_000n;

export async function startStakingWorld(options: ModelOptions): Promise<StakingWorld> {
  const l1 = await startAnvil(["--gas-limit", "100000000"]);
  const transport = http(l1.url);
  const publicClient = createPublicClient({ chain, transport, pollingInterval: 10, cacheTime: 0 });
  const tester = createTestClient({ mode: "anvil", chain, transport });
  const deployer = privateKeyToAccount(keyOf(0));
  const count = options.operators + options.stakers;
  const accounts = Array.from({ length: count }, (_, i) => privateKeyToAccount(keyOf(2 + i)));
  const avs = privateKeyToAccount(keyOf(1));
  const walletOf = (account: PrivateKeyAccount) => createWalletClient({ account, chain, transport });
  const clients = { publicClient, walletClient: walletOf(deployer) };
  const core = await deployCore(
    { deallocationDelay: options.delay, allocationConfigurationDelay: 0, slasherConfigurationDelay: 0 },
    clients,
  );
  const hash = await clients.walletClient.sendTransaction({ data: packageContract("WETH98").bytecode });
  const { contractAddress: token } = await receiptOf(hash, publicClient);
  const { strategy } = await ensureStrategy({ core, token: token! }, clients);
  await tester.setCode({ address: REGISTRAR, bytecode: YES });

  const act: StakingWorld["act"] = async (who, to, abi, functionName, args) => {
    const account = who === "avs" ? avs : accounts[who]!;
    return send(account, to, abi, functionName, args);
  };
  async function send(
    account: PrivateKeyAccount,
    to: Address,
    abi: Abi,
    functionName: string,
    args: readonly unknown[],
    value = 0n,
  ): Promise<Outcome> {
    const data = encodeFunctionData({ abi, functionName, args });
    const transactionHash = await walletOf(account).sendTransaction({ to, data, value, gas: GAS });
    const receipt = await receiptOf(transactionHash, publicClient);
    if (receipt.status !== "success") throw new Refused(functionName);
    return {
      block: Number(receipt.blockNumber),
      events: (of, eventName) => parseEventLogs({ abi: of, logs: receipt.logs, eventName }) as never,
    };
  }

  const am = abiOf("IAllocationManager");
  await act("avs", core.allocationManager, am, "updateAVSMetadataURI", [avs.address, "model"]);
  await act("avs", core.allocationManager, am, "setAVSRegistrar", [avs.address, REGISTRAR]);
  const sets = Array.from({ length: options.sets }, (_, operatorSetId) => ({
    operatorSetId,
    strategies: [strategy],
    slasher: avs.address,
  }));
  const create = parseAbi([
    "struct SetParams { uint32 operatorSetId; address[] strategies; address slasher; }",
    "function createOperatorSets(address avs, SetParams[] params)",
  ]);
  await act("avs", core.allocationManager, create, "createOperatorSets", [avs.address, sets]);
  for (const [i, account] of accounts.entries()) {
    await send(account, token!, WETH, "deposit", [], 5_000n * ETHER);
    await act(i, token!, erc20Abi, "approve", [core.strategyManager, maxUint256]);
    if (i >= options.operators) continue;
    const args = [zeroAddress, options.allocationDelay(i), ""];
    await act(i, core.delegationManager, abiOf("DelegationManager"), "registerAsOperator", args);
  }
  let snapshot = await tester.snapshot();
  return {
    core,
    strategy,
    accounts,
    avs: avs.address,
    act,
    view: (address, abi, functionName, args) =>
      publicClient.readContract({ address, abi, functionName, args }) as Promise<never>,
    mine: (blocks) => tester.mine({ blocks }),
    blockNumber: async () => Number(await publicClient.getBlockNumber({ cacheTime: 0 })),
    reset: async () => {
      await tester.revert({ id: snapshot });
      snapshot = await tester.snapshot();
    },
    stop: () => l1.stop(),
  };
}
