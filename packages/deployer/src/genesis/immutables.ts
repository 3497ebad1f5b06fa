import type { ContractArtifact } from "@altlayer/contracts";
import { encodeAbiParameters, keccak256, numberToHex, pad, stringToHex } from "viem";
import { DeployerError } from "../errors.ts";
import type { Hex } from "../types.ts";
import { patch } from "./preinstalls.ts";

/**
 * Writes immutables into runtime code, as a constructor would.
 * @param values one word for each immutable, in the order of declaration, which is that of the compiler's ids.
 * @throws DeployerError `ARTIFACT_UNEXPECTED` when the contract has another number of immutables.
 */
export function withImmutables(artifact: ContractArtifact, values: readonly Hex[]): Hex {
  const ids = Object.keys(artifact.immutableReferences).sort((a, b) => Number(a) - Number(b));
  if (ids.length !== values.length) {
    throw new DeployerError(
      "ARTIFACT_UNEXPECTED",
      `${artifact.name} has ${ids.length} immutables, not ${values.length}`,
      {
        contract: artifact.name,
      },
    );
  }
  let code = artifact.deployedBytecode;
  for (const [index, id] of ids.entries()) {
    for (const { start } of artifact.immutableReferences[id]!)
      code = patch(code, start, pad(values[index]!, { size: 32 }));
  }
  return code;
}

/** What OpenZeppelin's EIP712 of 4.7 caches: separator, chain id, own address, hashes of name, version and type. */
export function eip712Immutables(domain: {
  name: string;
  version: string;
  chainId: number;
  address: Hex;
}): readonly Hex[] {
  const nameHash = keccak256(stringToHex(domain.name));
  const versionHash = keccak256(stringToHex(domain.version));
  const typeHash = keccak256(
    stringToHex("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
  );
  const separator = keccak256(
    encodeAbiParameters(
      [{ type: "bytes32" }, { type: "bytes32" }, { type: "bytes32" }, { type: "uint256" }, { type: "address" }],
      [typeHash, nameHash, versionHash, BigInt(domain.chainId), domain.address],
    ),
  );
  return [separator, numberToHex(domain.chainId), domain.address, nameHash, versionHash, typeHash];
}

/** A string of at most 31 bytes as its bytes, left-aligned in a word. */
export function shortString(text: string): Hex {
  return pad(stringToHex(text), { size: 32, dir: "right" });
}

/** Storage form of a short string: left-aligned bytes, twice the length in the last byte. */
export function storedShortString(text: string): Hex {
  const length = new TextEncoder().encode(text).length;
  return `${shortString(text).slice(0, 64)}${(length * 2).toString(16).padStart(2, "0")}` as Hex;
}
