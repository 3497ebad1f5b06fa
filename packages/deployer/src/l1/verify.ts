import type { Abi } from "viem";
import { decodeFunctionResult, encodeFunctionData, pad } from "viem";
import { contractOf } from "../contracts.ts";
import { DeployerError } from "../errors.ts";
import type { DeploymentParameters } from "../parameters.ts";
import type { Hex, L1Addresses } from "../types.ts";
import type { L1 } from "./access.ts";

/**
 * Reads back what was deployed and compares it with the parameters.
 * @throws DeployerError `VERIFICATION_FAILED` naming each view that answers otherwise.
 */
export async function verifyDeployment(
  addresses: L1Addresses,
  parameters: DeploymentParameters,
  l1: L1,
): Promise<void> {
  const config = addresses.SystemConfigProxy;
  const portal = addresses.OptimismPortalProxy;
  const checks: readonly (readonly [
    contract: string,
    target: Hex,
    view: string,
    args: readonly unknown[],
    expected: unknown,
  ])[] = [
    ["SystemConfig", config, "owner", [], parameters.owner],
    ["SystemConfig", config, "batcherHash", [], pad(parameters.batcher, { size: 32 })],
    ["SystemConfig", config, "gasLimit", [], BigInt(parameters.gasLimit)],
    ["SystemConfig", config, "unsafeBlockSigner", [], parameters.unsafeBlockSigner],
    ["SystemConfig", config, "basefeeScalar", [], parameters.basefeeScalar],
    ["SystemConfig", config, "blobbasefeeScalar", [], parameters.blobbasefeeScalar],
    ["SystemConfig", config, "batchInbox", [], parameters.batchInbox],
    ["SystemConfig", config, "optimismPortal", [], portal],
    ["SystemConfig", config, "eip1559Denominator", [], parameters.eip1559?.denominator ?? 0],
    ["SystemConfig", config, "eip1559Elasticity", [], parameters.eip1559?.elasticity ?? 0],
    ["SuperchainConfig", addresses.SuperchainConfigProxy, "guardian", [], parameters.guardian],
    ["OptimismPortal2", portal, "systemConfig", [], config],
    ["OptimismPortal2", portal, "disputeGameFactory", [], addresses.DisputeGameFactoryProxy],
    ["OptimismPortal2", portal, "respectedGameType", [], 1],
    ["OptimismPortal2", portal, "proofMaturityDelaySeconds", [], BigInt(parameters.delays.proofMaturitySeconds)],
    ["L1StandardBridge", addresses.L1StandardBridgeProxy, "messenger", [], addresses.L1CrossDomainMessengerProxy],
    ["L1CrossDomainMessenger", addresses.L1CrossDomainMessengerProxy, "portal", [], portal],
    ["DisputeGameFactory", addresses.DisputeGameFactoryProxy, "gameImpls", [1], addresses.PermissionedDisputeGame],
    ["DisputeGameFactory", addresses.DisputeGameFactoryProxy, "initBonds", [1], parameters.game.bondWei],
    ["DisputeGameFactory", addresses.DisputeGameFactoryProxy, "owner", [], parameters.owner],
    ["PermissionedDisputeGame", addresses.PermissionedDisputeGame, "proposer", [], parameters.proposer],
    ["ProxyAdmin", addresses.ProxyAdmin, "owner", [], parameters.owner],
  ];
  const problems = await Promise.all(
    checks.map(async ([contract, target, view, args, expected]) => {
      const found = await read(contract, target, view, args, l1);
      return lower(found) === lower(expected)
        ? []
        : [`${contract}.${view}: ${String(found)} instead of ${String(expected)}`];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new DeployerError(
    "VERIFICATION_FAILED",
    `the deployed contracts are not as asked for:\n${problems.flat().join("\n")}`,
    {
      problems: problems.flat(),
    },
  );
}

async function read(
  contract: string,
  target: Hex,
  functionName: string,
  args: readonly unknown[],
  l1: L1,
): Promise<unknown> {
  const abi = contractOf(contract).abi as Abi;
  const data = encodeFunctionData({ abi, functionName, args });
  const result = await l1.request<Hex>("eth_call", [{ to: target, data }, "latest"]);
  if (result === "0x") return undefined;
  return decodeFunctionResult({ abi, functionName, args, data: result });
}

function lower(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}
