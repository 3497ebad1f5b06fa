import { packageContract, protocolContract } from "@altlayer/contracts";
import {
  type Abi,
  type Address,
  encodeAbiParameters,
  encodeDeployData,
  encodeFunctionData,
  erc20Abi,
  getContractAddress,
  getCreate2Address,
  type Hex,
  keccak256,
  maxUint256,
} from "viem";
import type { PlannedCall } from "../batch.ts";
import { CORE_CONTRACTS, coreAddresses, coreArguments } from "../core.ts";
import { abiOf, addressesOf } from "../deployment.ts";
import type { MachServiceFile } from "../service-file.ts";
import {
  createArguments,
  type MachParams,
  type Rollup,
  SERVICE_CONTRACTS,
  type SuiteAddresses,
  serviceAddresses,
  serviceArguments,
} from "../services.ts";
import type { DevTerms } from "./terms.ts";

export interface PlanOptions {
  readonly l1ChainId: number;
  readonly rollup: Rollup;
  readonly deployer: Address;
  /** The deployer's nonce at the plan's first transaction: all addresses follow from it. */
  readonly firstNonce: number;
  readonly fromBlock: number;
  readonly terms: DevTerms;
  readonly operators: readonly Address[];
  /** Get ALT to play with. */
  readonly holders: readonly Address[];
  /** The deployer owns the SystemConfig, and names the suite canonical. */
  readonly nominate: boolean;
  /** Core, ALT and factory that stand already; absent: the plan begins with them. */
  readonly core?: Foundation;
}

/** Where core, ALT and factory of a development network stand: all their addresses follow from it. */
export interface Foundation {
  readonly deployer: Address;
  readonly firstNonce: number;
  /** L1 block before the first transaction. */
  readonly fromBlock: number;
}

export interface Plan {
  readonly service: MachServiceFile;
  /** By the deployer, before the operators do anything. */
  readonly deployment: readonly PlannedCall[];
  /** By the deployer, once the operators have joined. */
  readonly start: readonly PlannedCall[];
}

/** What creates a contract may cost this much besides its code. */
const CREATION_GAS = 1_500_000n;
const CALL_GAS = 600_000n;
/** The development LST: the package's WETH, which everybody with ether makes by themselves. */
const LST = "WETH98";
const ALL_CONTRACTS = [...CORE_CONTRACTS, ...SERVICE_CONTRACTS] as const;
const SALT: Hex = `0x${"00".repeat(32)}`;

/** What stands on a foundation. */
function addressesOn({ deployer, firstNonce }: Pick<Foundation, "deployer" | "firstNonce">) {
  const at = addressesOf(ALL_CONTRACTS, deployer, firstNonce);
  const core = coreAddresses(at);
  const token = getContractAddress({ from: deployer, nonce: BigInt(firstNonce + ALL_CONTRACTS.length) });
  // The factory has created its implementation with nonce 1.
  const [lstStrategy, altStrategy] = [2n, 3n].map((nonce) =>
    getContractAddress({ from: core.strategyFactory, nonce }),
  ) as [Address, Address];
  return { at, core, services: serviceAddresses(at), token, lstStrategy, altStrategy };
}

/** The ALT of a foundation, all of which its deployer holds at first. */
export function altOf(foundation: Foundation): Address {
  return addressesOn(foundation).services.alt;
}

/** The ALT that a service's deployer needs: the operators' stake and what the suite is filled with. */
export function altNeeded(terms: DevTerms, operators: number): bigint {
  return BigInt(operators) * terms.altStake + terms.bountyFund + terms.rewardsFund;
}

/** Core, ALT, factory and the strategies, by their deployer. Every address is known beforehand. */
export function planFoundation(
  { deployer, firstNonce }: Pick<Foundation, "deployer" | "firstNonce">,
  terms: DevTerms,
): readonly PlannedCall[] {
  const { at, core, services, token } = addressesOn({ deployer, firstNonce });
  const args = {
    ...coreArguments(terms.core, deployer, at),
    ...serviceArguments({ core, timelockDelayS: 0n, altSupply: terms.altSupply }, deployer, at),
  };
  const creations = ALL_CONTRACTS.map((name) => {
    const { abi, bytecode } = protocolContract(name);
    return creation(name, encodeDeployData({ abi: abi as Abi, bytecode, args: args[name] ?? [] }));
  });
  const strategyFactory = abiOf("StrategyFactory");
  return [
    ...creations,
    creation(LST, packageContract(LST).bytecode),
    planned(core.strategyFactory, strategyFactory, "deployNewStrategy", [token]),
    planned(core.strategyFactory, strategyFactory, "deployNewStrategy", [services.alt]),
  ];
}

/**
 * The development deployment as two lists of transactions. Every address is known beforehand, so nothing has to wait
 * for a block.
 */
export function planDeployment(options: PlanOptions): Plan {
  const { deployer, firstNonce, fromBlock, terms, rollup } = options;
  const foundation = options.core ?? { deployer, firstNonce, fromBlock };
  const { at, core, services, token, lstStrategy, altStrategy } = addressesOn(foundation);
  const strategies = [
    { strategy: lstStrategy, token, symbol: "WETH", class: 0, multiplier: 10n ** 18n },
    { strategy: altStrategy, token: services.alt, symbol: "ALT", class: 1, multiplier: 10n ** 18n },
  ].sort((a, b) => (a.strategy.toLowerCase() < b.strategy.toLowerCase() ? -1 : 1));
  const mach: MachParams = {
    ...terms.mach,
    rewardToken: services.alt,
    strategies: strategies.map(({ strategy, class: class_, multiplier }) => ({ strategy, class: class_, multiplier })),
  };
  const suite = predictSuite(rollup, deployer, services.factory, at);
  const give = (to: Address, amount: bigint) => planned(services.alt, erc20Abi, "transfer", [to, amount], 150_000n);
  return {
    service: {
      version: 1,
      l1ChainId: options.l1ChainId,
      fromBlock: options.fromBlock,
      core,
      services,
      suite,
      rollup,
      strategies,
    },
    deployment: [
      ...(options.core === undefined ? planFoundation(foundation, terms) : []),
      planned(
        services.factory,
        abiOf("AvsFactory"),
        "create",
        createArguments({ rollup, timelock: services.timelock, salt: SALT, mach }),
        6_000_000n,
      ),
      ...options.operators.map((operator) => give(operator, terms.altStake)),
      ...options.holders.map((holder) => give(holder, terms.altForHolders)),
      planned(services.alt, erc20Abi, "approve", [suite.slasher, maxUint256]),
      planned(suite.slasher, abiOf("MachSlasher"), "fundBounties", [terms.bountyFund]),
      planned(services.alt, erc20Abi, "approve", [suite.rewards, maxUint256]),
      planned(suite.rewards, abiOf("MachRewards"), "fund", [terms.rewardsFund]),
      ...(options.nominate
        ? [planned(services.factory, abiOf("AvsFactory"), "nominate", [rollup, suite.registrar], 200_000n)]
        : []),
    ],
    start: [planned(suite.registrar, abiOf("MachRegistrar"), "start", [])],
  };
}

function planned(to: Address, abi: Abi, functionName: string, args: readonly unknown[], gas = CALL_GAS): PlannedCall {
  return { label: functionName, to, data: encodeFunctionData({ abi, functionName, args }), gas };
}

function creation(label: string, data: Hex): PlannedCall {
  return { label, to: null, data, gas: CREATION_GAS + 240n * BigInt((data.length - 2) / 2) };
}

/** Where `AvsFactory.create` puts its clones: CREATE2 of EIP-1167's proxies, with one salt for all. */
function predictSuite(
  rollup: Rollup,
  creator: Address,
  factory: Address,
  at: (name: (typeof SERVICE_CONTRACTS)[number]) => Address,
): SuiteAddresses {
  const word = { type: "bytes32" } as const;
  const rollupId = keccak256(
    encodeAbiParameters(
      [{ type: "address" }, { type: "uint256" }, word],
      [rollup.systemConfig, rollup.l2ChainId, rollup.l2GenesisHash],
    ),
  );
  const salt = keccak256(encodeAbiParameters([{ type: "address" }, word, word], [creator, rollupId, SALT]));
  const clone = (name: (typeof SERVICE_CONTRACTS)[number]) =>
    getCreate2Address({
      from: factory,
      salt,
      bytecode: `0x3d602d80600a3d3981f3363d3d373d3d3d363d73${at(name).slice(2).toLowerCase()}5af43d82803e903d91602b57fd5bf3`,
    });
  return {
    creator,
    rollupId,
    registrar: clone("MachRegistrar"),
    table: clone("OperatorTable"),
    verifier: clone("CertificateVerifier"),
    slasher: clone("MachSlasher"),
    rewards: clone("MachRewards"),
  };
}
