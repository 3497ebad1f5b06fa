import type { DeploymentParameters, DeploymentParametersInput } from "@altlayer/deployer";
import { developmentParameters, parseDeploymentParameters } from "@altlayer/deployer";
import type { Network } from "../networks.ts";
import type { Role, RoleAccount } from "../secrets/key-store.ts";
import { invalid } from "../spec/parse.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";

/** The deployment's parameters from a spec and the role accounts. @throws RaasError `SPEC_INVALID`; DeployerError `INVALID_PARAMETERS` */
export function parametersOf(
  spec: RollupSpec,
  network: Network,
  accounts: readonly RoleAccount[],
): DeploymentParameters {
  const of = (role: Role): Hex => accounts.find((account) => account.role === role)?.address ?? `0x${"00".repeat(20)}`;
  const { baseFee, gasLimit } = spec.execution;
  const shared = {
    l2ChainId: spec.chain.chainId,
    owner: spec.owners.admin,
    batcher: of("batcher"),
    proposer: of("proposer"),
    challenger: of("challenger"),
    unsafeBlockSigner: of("sequencer"),
    gasLimit,
    basefeeScalar: spec.l1Fees.basefeeScalar,
    blobbasefeeScalar: spec.l1Fees.blobbasefeeScalar,
    eip1559: { denominator: baseFee.denominator, elasticity: baseFee.elasticity },
  } satisfies Partial<DeploymentParametersInput>;
  if (network.development) return developmentParameters(shared);
  const { proofMaturitySeconds, gameFinalitySeconds, maxClockSeconds, absolutePrestate } = spec.withdrawals;
  if (absolutePrestate === undefined) throw prestateMissing(network);
  return parseDeploymentParameters({
    ...shared,
    delays: { proofMaturitySeconds, gameFinalitySeconds, bondWithdrawalSeconds: gameFinalitySeconds },
    game: {
      absolutePrestate,
      maxClockSeconds,
      clockExtensionSeconds: Math.min(10_800, Math.floor(maxClockSeconds / 2)),
    },
  });
}

export function prestateMissing(network: Network) {
  const message = `is required on ${network.name}: the hash of the program that decides disputes`;
  return invalid([{ path: "withdrawals.absolutePrestate", message }]);
}
