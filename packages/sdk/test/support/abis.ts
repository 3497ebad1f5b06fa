/**
 * Writes `src/staking/generated`: of the compiled contracts what the SDK calls, as constants, since a browser has no
 * compiled contracts to read. `node packages/sdk/test/support/abis.ts` after a change; `abis.test.ts` compares.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { PROTOCOL_CONTRACTS, type ProtocolContractName, protocolContract } from "@altlayer/contracts";
import type { AbiItem, AbiParameter } from "viem";

/** Module and constant, contract, and the functions and events that are taken of it. */
const TAKEN: readonly (readonly [module: string, contract: ProtocolContractName, names: readonly string[]])[] = [
  [
    "allocation-manager",
    "IAllocationManager",
    [
      "DEALLOCATION_DELAY",
      "delegation",
      "deregisterFromOperatorSets",
      "getAllocation",
      "getAllocationDelay",
      "getAllocations",
      "getEncumberedMagnitude",
      "getMaxMagnitude",
      "getMembers",
      "getSlashCount",
      "isMemberOfOperatorSet",
      "isOperatorSlashable",
      "modifyAllocations",
      "registerForOperatorSets",
    ],
  ],
  [
    "delegation-manager",
    "DelegationManager",
    [
      "OperatorSharesDecreased",
      "OperatorSharesIncreased",
      "completeQueuedWithdrawal",
      "delegateTo",
      "delegatedTo",
      "getDepositedShares",
      "getOperatorShares",
      "getOperatorsShares",
      "getQueuedWithdrawals",
      "getWithdrawableShares",
      "isDelegated",
      "isOperator",
      "minWithdrawalDelayBlocks",
      "queueWithdrawals",
      "registerAsOperator",
      "strategyManager",
      "undelegate",
    ],
  ],
  ["strategy-manager", "StrategyManager", ["depositIntoStrategy"]],
  ["strategy", "IStrategy", ["sharesToUnderlyingView", "underlyingToken"]],
  [
    "key-registrar",
    "KeyRegistrar",
    ["deregisterKey", "getBN254KeyRegistrationMessageHash", "getOperatorFromSigningKey", "isRegistered", "registerKey"],
  ],
  [
    "rewards-coordinator",
    "RewardsCoordinator",
    [
      "OperatorDirectedOperatorSetRewardsSubmissionCreated",
      "cumulativeClaimed",
      "getCurrentDistributionRoot",
      "getDistributionRootAtIndex",
      "getDistributionRootsLength",
      "getOperatorSetSplit",
      "processClaim",
      "submitRoot",
    ],
  ],
  [
    "mach-registrar",
    "MachRegistrar",
    [
      "allocationManager",
      "creator",
      "keyRegistrar",
      "rewards",
      "rewardsCoordinator",
      "rollupId",
      "slashableInTime",
      "slasher",
      "table",
      "timelock",
      "verifier",
    ],
  ],
  [
    "operator-table",
    "OperatorTable",
    [
      "classes",
      "commit",
      "commitments",
      "entryOf",
      "epochBlock",
      "life",
      "minimum",
      "refresh",
      "room",
      "startBlock",
      "state",
      "strategies",
      "sweep",
      "weights",
      "windows",
    ],
  ],
  [
    "mach-slasher",
    "MachSlasher",
    [
      "BountyClaimed",
      "BountyPaid",
      "Convicted",
      "SlashFailed",
      "Slashed",
      "convictedBy",
      "faults",
      "isSlashed",
      "nextPaymentBlock",
      "payBounty",
      "terms",
    ],
  ],
  ["mach-rewards", "MachRewards", ["nextEpoch", "token"]],
];

/** By module. `contract-errors` has the errors of all: what is deep in a call reverts through. */
export function takenAbis(): ReadonlyMap<string, readonly AbiItem[]> {
  const modules = new Map<string, readonly AbiItem[]>();
  for (const [module, contract, names] of TAKEN) {
    const items = abiOf(contract).filter(
      (item) => "name" in item && item.type !== "error" && names.includes(item.name),
    );
    for (const name of names) {
      const found = items.filter((item) => "name" in item && item.name === name).length;
      if (found !== 1) throw new TypeError(`${contract} has ${found} items named ${name}`);
    }
    modules.set(module, items);
  }
  const errors = new Map<string, AbiItem>();
  for (const item of PROTOCOL_CONTRACTS.flatMap(abiOf)) {
    if (item.type === "error") errors.set(JSON.stringify([item.name, item.inputs]), item);
  }
  const named = [...errors].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  return modules.set("contract-errors", named);
}

export const constantOf = (module: string): string =>
  `${module.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Abi`;

function abiOf(name: ProtocolContractName): AbiItem[] {
  return (protocolContract(name).abi as readonly AbiItem[]).map(bare);
}

/** Without what only the compiler's own tools read. */
function bare(item: AbiItem): AbiItem {
  const parameter = ({ name, type, ...rest }: AbiParameter): AbiParameter => ({
    ...(name === undefined ? {} : { name }),
    type,
    ...("indexed" in rest && rest.indexed === true ? { indexed: true } : {}),
    ...("components" in rest ? { components: rest.components.map(parameter) } : {}),
  });
  const { inputs, outputs } = item as { inputs?: readonly AbiParameter[]; outputs?: readonly AbiParameter[] };
  return {
    ...item,
    ...(inputs === undefined ? {} : { inputs: inputs.map(parameter) }),
    ...(outputs === undefined ? {} : { outputs: outputs.map(parameter) }),
  } as AbiItem;
}

if (import.meta.main) {
  const folder = new URL("../../src/staking/generated/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [module, abi] of takenAbis()) {
    const lines = abi.map((item) => `  ${JSON.stringify(item)},`).join("\n");
    const head = "// Size: generated from the compiled contracts by packages/sdk/test/support/abis.ts.";
    writeFileSync(
      new URL(`${module}.ts`, folder),
      `${head}\nexport const ${constantOf(module)} = [\n${lines}\n] as const;\n`,
    );
  }
}
