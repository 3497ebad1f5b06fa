import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ContractArtifact, Hex, ImmutableReference } from "./artifacts.ts";
import { CONTRACTS_DIRECTORY, OUTPUT_DIRECTORY, OWN_CONTRACTS, packageDirectory } from "./artifacts.ts";
import { ContractsError } from "./errors.ts";

/** EIP-170. */
const RUNTIME_CODE_BYTES_MAX = 24_576;

/** The settings with which the package's own artifacts were made, so that code compiled here equals theirs. */
const SETTINGS = {
  evmVersion: "london",
  optimizer: { enabled: true, runs: 999_999 },
  metadata: { bytecodeHash: "none" },
  outputSelection: {
    "*": {
      "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"],
    },
  },
};

/**
 * Import prefix -> npm package and folder in it, the first match wins.
 * The package takes one function of solmate (`powWad`), which the npm releases of solmate do not hold and solady does;
 * no contract that is compiled here reaches it.
 */
const IMPORTS: readonly (readonly [prefix: string, packageName: string, folder: string])[] = [
  ["src/", "@eth-optimism/contracts-bedrock", "src/"],
  ["@openzeppelin/contracts-upgradeable/", "@openzeppelin/contracts-upgradeable", ""],
  ["@openzeppelin/contracts/", "@openzeppelin/contracts", ""],
  ["@solady/", "solady", "src/"],
  ["@rari-capital/solmate/src/utils/FixedPointMathLib.sol", "solady", "src/utils/FixedPointMathLib.sol"],
];

interface SolcContract {
  readonly abi: readonly unknown[];
  readonly evm: {
    readonly bytecode: { readonly object: string };
    readonly deployedBytecode: {
      readonly object: string;
      readonly immutableReferences: Record<string, readonly ImmutableReference[]>;
    };
  };
}

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<string, Record<string, SolcContract>>;
}

interface Solc {
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string;
}

/**
 * Compiles Solidity files by the compiler's standard JSON interface.
 * @param files paths as imports see them: `contracts/src/...` for this folder's, `src/...` for the package's.
 * @returns each file's contract of the file's own name.
 * @throws ContractsError `COMPILATION_FAILED` with the compiler's messages.
 */
export function compileFiles(files: readonly string[]): Map<string, ContractArtifact> {
  const solc = createRequire(import.meta.url)("solc") as Solc;
  const sources = Object.fromEntries(files.map((file) => [file, { content: readImport(file) }]));
  const input = JSON.stringify({ language: "Solidity", sources, settings: SETTINGS });
  const output = JSON.parse(
    solc.compile(input, {
      import: (path) => {
        try {
          return { contents: readImport(path) };
        } catch (cause) {
          return { error: String(cause) };
        }
      },
    }),
  ) as SolcOutput;
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    throw new ContractsError("COMPILATION_FAILED", errors.map(({ formattedMessage }) => formattedMessage).join("\n"), {
      files,
    });
  }
  const artifacts = new Map<string, ContractArtifact>();
  for (const file of files) {
    const name = file.slice(file.lastIndexOf("/") + 1, -".sol".length);
    const contract = output.contracts?.[file]?.[name];
    if (contract === undefined)
      throw new ContractsError("COMPILATION_FAILED", `${file} holds no contract ${name}`, { file });
    const { bytecode, deployedBytecode } = contract.evm;
    artifacts.set(file, {
      name,
      abi: contract.abi,
      bytecode: `0x${bytecode.object}`,
      deployedBytecode: `0x${deployedBytecode.object}`,
      immutableReferences: deployedBytecode.immutableReferences,
    });
  }
  return artifacts;
}

/**
 * Compiles this folder's contracts into `out/`, one JSON file each; does nothing when the sources are unchanged.
 * @returns whether it compiled.
 */
export function compileOwnContracts({ force = false }: { force?: boolean } = {}): boolean {
  const stampPath = join(OUTPUT_DIRECTORY, "stamp");
  const stamp = fingerprint();
  if (!force && readOptional(stampPath) === stamp) return false;
  const files = OWN_CONTRACTS.map((name) => `contracts/src/${name}.sol`);
  const artifacts = compileFiles(files);
  mkdirSync(OUTPUT_DIRECTORY, { recursive: true });
  for (const artifact of artifacts.values()) {
    const size = byteLength(artifact.deployedBytecode);
    if (size > RUNTIME_CODE_BYTES_MAX) {
      throw new ContractsError(
        "CONTRACT_TOO_LARGE",
        `${artifact.name} has ${size} bytes of ${RUNTIME_CODE_BYTES_MAX}`,
        { size },
      );
    }
    writeAtomically(join(OUTPUT_DIRECTORY, `${artifact.name}.json`), JSON.stringify(artifact));
  }
  writeAtomically(stampPath, stamp);
  return true;
}

function fingerprint(): string {
  const hash = createHash("sha256").update(JSON.stringify([SETTINGS, IMPORTS]));
  for (const name of [...OWN_CONTRACTS, "ConfigUpdates"]) hash.update(readImport(`contracts/src/${name}.sol`));
  for (const name of new Set(IMPORTS.map(([, packageName]) => packageName))) {
    hash.update(readFileSync(join(packageDirectory(name), "package.json")));
  }
  return hash.digest("hex");
}

function readImport(path: string): string {
  const file = resolveImport(path);
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ContractsError("COMPILATION_FAILED", `the import ${path} cannot be read`, { path, cause: String(cause) });
  }
}

function resolveImport(path: string): string {
  if (path.startsWith("contracts/")) return join(CONTRACTS_DIRECTORY, path.slice("contracts/".length));
  for (const [prefix, packageName, folder] of IMPORTS) {
    if (path.startsWith(prefix)) return join(packageDirectory(packageName), folder, path.slice(prefix.length));
  }
  throw new ContractsError("COMPILATION_FAILED", `no package is known for the import ${path}`, { path });
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Several test workers may compile at once: each file is whole at every moment. */
function writeAtomically(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

function byteLength(code: Hex): number {
  return (code.length - 2) / 2;
}
