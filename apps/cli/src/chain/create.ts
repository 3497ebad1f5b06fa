import type { DeployDependencies, Deployment, DeploymentParameters, RollupTiming } from "@altlayer/deployer";
import { buildChainFiles, deployL1Contracts } from "@altlayer/deployer";
import type { ForkName } from "@altlayer/protocol";
import type { ChainFiles } from "./record.ts";

type Hex = `0x${string}`;

export interface CreateChainOptions {
  readonly parameters: DeploymentParameters;
  /** This fork and all before it are active from genesis on. */
  readonly newestFork: ForkName;
  readonly timing: RollupTiming;
  /** Who gets the fees of L2. */
  readonly feeRecipient: Hex;
  /** Accounts that hold ether on L2 from the start, in wei. */
  readonly balances: Readonly<Record<Hex, bigint>>;
  readonly l1ChainId?: number;
  readonly developmentChainIds?: readonly number[];
}

export interface CreatedChain {
  readonly files: ChainFiles;
  readonly deployment: Deployment;
}

/** Deploys a rollup's contracts on its L1 and makes the L2 genesis and the rollup's configuration from the result. */
export async function createChain(
  options: CreateChainOptions,
  dependencies: DeployDependencies,
): Promise<CreatedChain> {
  const { parameters, timing } = options;
  const deployment = await deployL1Contracts(
    {
      parameters,
      ...(options.l1ChainId === undefined ? {} : { l1ChainId: options.l1ChainId }),
      ...(options.developmentChainIds === undefined ? {} : { developmentChainIds: options.developmentChainIds }),
    },
    dependencies,
  );
  const { genesisJson, rollupJson, l2GenesisHash } = buildChainFiles({ ...options, deployment });
  const files: ChainFiles = {
    record: {
      version: 1,
      l1ChainId: deployment.l1ChainId,
      l2ChainId: parameters.l2ChainId,
      anchor: deployment.anchor,
      addresses: { ...deployment.addresses } as Record<string, Hex>,
      l2GenesisHash,
      blockTime: timing.blockTime,
    },
    genesisJson,
    rollupJson,
  };
  return { files, deployment };
}
