import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ContractsError } from "./errors.ts";

export type Hex = `0x${string}`;

/** Where an immutable's value stands in the runtime code, in bytes. */
export interface ImmutableReference {
  readonly start: number;
  readonly length: number;
}

export interface ContractArtifact {
  readonly name: string;
  readonly abi: readonly unknown[];
  /** Creation code without constructor arguments. */
  readonly bytecode: Hex;
  /** Runtime code with zeros where immutables go. */
  readonly deployedBytecode: Hex;
  /** By the compiler's AST id of the variable, ascending: the order of declaration, parents first. */
  readonly immutableReferences: Readonly<Record<string, readonly ImmutableReference[]>>;
}

/** The contracts of this folder, which extend the package's by import. */
export const OWN_CONTRACTS = ["FaultDisputeGame", "GasPriceOracle", "PermissionedDisputeGame", "SystemConfig"] as const;
export type OwnContractName = (typeof OWN_CONTRACTS)[number];

/** The contracts of the protocol's own folders (`restaking`, `alt`, `avs`), which forge compiles, and one interface. */
export const PROTOCOL_CONTRACTS = [
  "ALT",
  "AllocationManager",
  "AllocationManagerView",
  "AvsFactory",
  "CertificateVerifier",
  "DelegationManager",
  "IAllocationManager",
  "IStrategy",
  "KeyRegistrar",
  "MachRegistrar",
  "MachRewards",
  "MachSlasher",
  "OperatorTable",
  "PermissionController",
  "RewardsCoordinator",
  "StrategyFactory",
  "StrategyManager",
  "Timelock",
] as const;
export type ProtocolContractName = (typeof PROTOCOL_CONTRACTS)[number];

export const CONTRACTS_DIRECTORY = dirname(dirname(fileURLToPath(import.meta.url)));
/** The compiler of the contracts that are deployed. */
const COMPILER_VERSION = "0.8.15";
export const OUTPUT_DIRECTORY = join(CONTRACTS_DIRECTORY, "out");

const require = createRequire(import.meta.url);

/** The folder of an installed npm package. */
export function packageDirectory(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

/**
 * An extension of this folder, as the set-up compiled it.
 * @throws ContractsError `ARTIFACT_MISSING` before the set-up.
 */
export function ownContract(name: OwnContractName): ContractArtifact {
  try {
    return JSON.parse(readFileSync(join(OUTPUT_DIRECTORY, `${name}.json`), "utf8"));
  } catch (cause) {
    throw new ContractsError("ARTIFACT_MISSING", `${name} is not compiled yet: run "npm run setup" once`, {
      name,
      cause: String(cause),
    });
  }
}

interface ForgeArtifact {
  readonly abi: readonly unknown[];
  readonly bytecode: { readonly object: Hex };
  readonly deployedBytecode: {
    readonly object: Hex;
    readonly immutableReferences?: Record<string, readonly ImmutableReference[]>;
  };
}

/**
 * A contract of the protocol's own folders, as the set-up compiled it.
 * @throws ContractsError `ARTIFACT_MISSING` before the set-up.
 */
export function protocolContract(name: ProtocolContractName): ContractArtifact {
  try {
    return readForgeArtifact(name, join(OUTPUT_DIRECTORY, "forge", `${name}.sol`, `${name}.json`));
  } catch (cause) {
    throw new ContractsError("ARTIFACT_MISSING", `${name} is not compiled yet: run "npm run setup" once`, {
      name,
      cause: String(cause),
    });
  }
}

/**
 * A contract of `@eth-optimism/contracts-bedrock` as published.
 * @throws ContractsError `ARTIFACT_MISSING` when the package has no such contract.
 */
export function packageContract(name: string): ContractArtifact {
  const folder = join(packageDirectory("@eth-optimism/contracts-bedrock"), "forge-artifacts", `${name}.sol`);
  // What several compilers built stands there once for each, and perhaps no more under the plain name.
  const path = [`${name}.json`, `${name}.${COMPILER_VERSION}.json`].map((file) => join(folder, file)).find(existsSync);
  try {
    return readForgeArtifact(name, path ?? folder);
  } catch (cause) {
    throw new ContractsError("ARTIFACT_MISSING", `contracts-bedrock has no usable artifact of ${name}`, {
      name,
      cause: String(cause),
    });
  }
}

function readForgeArtifact(name: string, path: string): ContractArtifact {
  const artifact: ForgeArtifact = JSON.parse(readFileSync(path, "utf8"));
  return {
    name,
    abi: artifact.abi,
    bytecode: artifact.bytecode.object,
    deployedBytecode: artifact.deployedBytecode.object,
    immutableReferences: artifact.deployedBytecode.immutableReferences ?? {},
  };
}

/** Text of a Solidity file of `@eth-optimism/contracts-bedrock`, by its path below `src/`. */
export function packageSource(path: string): string {
  return readFileSync(join(packageDirectory("@eth-optimism/contracts-bedrock"), "src", path), "utf8");
}
