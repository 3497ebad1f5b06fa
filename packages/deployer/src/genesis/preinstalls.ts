import { packageSource } from "@altlayer/contracts";
import { concatHex, encodeAbiParameters, keccak256, numberToHex, slice, stringToHex } from "viem";
import { DeployerError } from "../errors.ts";
import type { Hex } from "../types.ts";

/** Contracts that the OP Stack puts onto every L2 though its protocol does not use them. */
export const PREINSTALLS = {
  MultiCall3: "0xca11bde05977b3631167028862be2a173976ca11",
  Create2Deployer: "0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2",
  Safe_v130: "0x69f4d1788e39c87893c980c06edf4b7f686e2938",
  SafeL2_v130: "0xfb1bffc9d739b8d520daf37df666da4c687191ea",
  MultiSendCallOnly_v130: "0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b",
  SafeSingletonFactory: "0x914d7fec6aac8cd542e72bca78b30650d45643d7",
  DeterministicDeploymentProxy: "0x4e59b44847b379578588920ca78fbf26c0b4956c",
  MultiSend_v130: "0x998739bfdaadde7c933b942a68053933098f9eda",
  Permit2: "0x000000000022d473030f116ddee9f6b43ac78ba3",
  SenderCreator: "0x7fc98430eaedbb6070b35b39d798725049088348",
  EntryPoint: "0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789",
  BeaconBlockRoots: "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
} as const satisfies Record<string, Hex>;

export type PreinstallName = keyof typeof PREINSTALLS;

/** EIP-4788's deployer. Its nonce must not be zero, so that Ecotone's upgrade would find the contract in place. */
export const BEACON_ROOTS_SENDER: Hex = "0x0b799c86a49deeb90402691f1041aa3af2d3c875";

/** Where Permit2's template takes the chain id and the domain separator (`getPermit2Code` of the package). */
const PERMIT2_CHAIN_ID_OFFSET = 6945;
const PERMIT2_DOMAIN_SEPARATOR_OFFSET = 6983;

let constants: ReadonlyMap<string, Hex> | undefined;

/** Runtime code of a preinstall on the L2 with that chain id. The package holds it as constants of a library's source. */
export function preinstallCode(name: PreinstallName, l2ChainId: number): Hex {
  constants ??= readConstants();
  const code = constants.get(name === "Permit2" ? "Permit2TemplateCode" : `${name}Code`);
  if (code === undefined) {
    throw new DeployerError("ARTIFACT_UNEXPECTED", `contracts-bedrock's Preinstalls.sol has no code of ${name}`, {
      name,
    });
  }
  return name === "Permit2" ? permit2Code(code, l2ChainId) : code;
}

function readConstants(): ReadonlyMap<string, Hex> {
  const found = packageSource("libraries/Preinstalls.sol").matchAll(
    /bytes internal constant (\w+) =\s*hex"([0-9a-fA-F]*)";/g,
  );
  return new Map([...found].map(([, name, code]) => [name!, `0x${code!.toLowerCase()}`]));
}

function permit2Code(template: Hex, l2ChainId: number): Hex {
  const types = [{ type: "bytes32" }, { type: "bytes32" }, { type: "uint256" }, { type: "address" }] as const;
  const domainSeparator = keccak256(
    encodeAbiParameters(types, [
      keccak256(stringToHex("EIP712Domain(string name,uint256 chainId,address verifyingContract)")),
      keccak256(stringToHex("Permit2")),
      BigInt(l2ChainId),
      PREINSTALLS.Permit2,
    ]),
  );
  const withChainId = patch(template, PERMIT2_CHAIN_ID_OFFSET, numberToHex(l2ChainId, { size: 32 }));
  return patch(withChainId, PERMIT2_DOMAIN_SEPARATOR_OFFSET, domainSeparator);
}

/** Replaces the bytes from `offset` on by a word. */
export function patch(code: Hex, offset: number, word: Hex): Hex {
  return concatHex([slice(code, 0, offset), word, slice(code, offset + 32)]);
}
