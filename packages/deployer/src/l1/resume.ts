import { getContractAddress } from "viem";
import { contractOf } from "../contracts.ts";
import { DeployerError } from "../errors.ts";
import type { DeploymentParameters } from "../parameters.ts";
import type { Hex } from "../types.ts";
import type { L1 } from "./access.ts";
import { quantity } from "./access.ts";
import type { DeploymentPlan } from "./plan.ts";
import { planDeployment } from "./plan.ts";
import { verifyDeployment } from "./verify.ts";

export interface StartingPoint {
  readonly plan: DeploymentPlan;
  /** Index of the first step that is still to be sent. */
  readonly first: number;
}

/** How many transactions the account may have made since for a finished deployment to be found. */
const LATER_TRANSACTIONS = 16;

/**
 * Finds a deployment of the same parameters that the account began and did not end, or ended, as its last deeds.
 *
 * Addresses follow from nonces, so the chain itself is the record: among the last nonces, one that created an
 * AddressManager and after it exactly the runtime code that our plan would create is the start of this deployment.
 * Runtime code holds the constructors' arguments; the initializers' can be compared once all is sent.
 */
export async function findStart(parameters: DeploymentParameters, l1: L1): Promise<StartingPoint> {
  const nonce = Number(await l1.request<Hex>("eth_getTransactionCount", [l1.deployer, "latest"]));
  const fresh = { plan: planDeployment(parameters, { deployer: l1.deployer, startNonce: nonce }), first: 0 };
  const earliest = Math.max(0, nonce - fresh.plan.steps.length - LATER_TRANSACTIONS);
  const candidates = Array.from({ length: nonce - earliest }, (_, index) => nonce - 1 - index);
  const firstCode = contractOf("AddressManager").deployedBytecode;
  const codes = await Promise.all(
    candidates.map((candidate) => {
      const address = getContractAddress({ from: l1.deployer, nonce: BigInt(candidate) });
      return l1.request<Hex>("eth_getCode", [address, "latest"]);
    }),
  );
  for (const [index, startNonce] of candidates.entries()) {
    if (codes[index] !== firstCode) continue;
    const plan = planDeployment(parameters, { deployer: l1.deployer, startNonce });
    const first = Math.min(nonce - startNonce, plan.steps.length);
    if (!(await createdAsPlanned(plan, first, l1))) continue;
    if (first < plan.steps.length || (await isAsAsked(plan, parameters, l1))) return { plan, first };
  }
  return fresh;
}

/** Whether a finished deployment is the one that is asked for, and not one that differs in what initializers set. */
async function isAsAsked(plan: DeploymentPlan, parameters: DeploymentParameters, l1: L1): Promise<boolean> {
  try {
    await verifyDeployment(plan.addresses, parameters, l1);
    return true;
  } catch (error) {
    if (error instanceof DeployerError && error.code === "VERIFICATION_FAILED") return false;
    throw error;
  }
}

/** Whether all creations before `first` left the code that the same creation yields when simulated. */
async function createdAsPlanned(plan: DeploymentPlan, first: number, l1: L1): Promise<boolean> {
  const creations = plan.steps.slice(0, first).filter(({ creates }) => creates !== undefined);
  const matches = await Promise.all(
    creations.map(async ({ creates, data, gas }) => {
      const [found, expected] = await Promise.all([
        l1.request<Hex>("eth_getCode", [creates, "latest"]),
        l1
          .request<Hex>("eth_call", [{ from: plan.deployer, data, gas: quantity(gas) }, "latest"])
          .catch(() => undefined),
      ]);
      return found !== "0x" && found === expected;
    }),
  );
  return matches.every(Boolean);
}
