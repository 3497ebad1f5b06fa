import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileOwnContracts } from "@altlayer/contracts";
import type { Deployment, Hex, L1Access, L2Genesis } from "@altlayer/deployer";
import {
  buildL2Genesis,
  buildRollupConfig,
  deployL1Contracts,
  developmentParameters,
  EIP1559_DEFAULTS,
  feeVaultsTo,
  forkTimesAtGenesis,
} from "@altlayer/deployer";
import type { RollupConfig } from "@altlayer/protocol";
import { serializeRollupConfig } from "@altlayer/protocol";

/** Anvil's accounts: the roles of a chain under test. */
export const KEYS = {
  owner: {
    address: "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    key: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
  },
  batcher: {
    address: "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    key: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
  },
  proposer: {
    address: "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    key: "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
  },
  challenger: {
    address: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    key: "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
  },
  signer: {
    address: "0x15d34aaf54267db7d7c367839aaf71a00a2c6a65",
    key: "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
  },
  user: {
    address: "0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc",
    key: "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
  },
} as const satisfies Record<string, { address: Hex; key: Hex }>;

export type Fork = "fjord" | "granite" | "holocene";

/** A rollup as deployed: everything a node of any make needs to start. */
export interface TestChain {
  readonly deployment: Deployment;
  readonly genesis: L2Genesis;
  readonly config: RollupConfig;
  readonly rollupJson: string;
}

/** Deploys a rollup with one-second or other blocks onto a development L1 and builds its genesis. */
export async function deployTestChain(options: {
  readonly l1: L1Access;
  readonly fork: Fork;
  readonly l2ChainId?: number;
  readonly blockTime?: number;
  readonly gasLimit?: number;
  readonly seqWindowSize?: number;
  /** Schedules forks after that of the genesis, so long after it. */
  readonly laterForks?: { readonly granite?: number; readonly holocene?: number };
}): Promise<TestChain> {
  compileOwnContracts();
  const { l2ChainId = 901, laterForks = {} } = options;
  const parameters = developmentParameters({
    l2ChainId,
    owner: KEYS.owner.address,
    batcher: KEYS.batcher.address,
    proposer: KEYS.proposer.address,
    challenger: KEYS.challenger.address,
    unsafeBlockSigner: KEYS.signer.address,
    ...(options.gasLimit === undefined ? {} : { gasLimit: options.gasLimit }),
  });
  const deployment = await deployL1Contracts({ parameters }, { l1: options.l1 });
  const base = {
    l1ChainId: deployment.l1ChainId,
    l2ChainId,
    anchor: deployment.anchor,
    addresses: deployment.addresses,
    forkTimes: {
      ...forkTimesAtGenesis(options.fork),
      ...Object.fromEntries(
        Object.entries(laterForks).map(([fork, seconds]) => [fork, deployment.anchor.timestamp + seconds]),
      ),
    },
    eip1559Defaults: EIP1559_DEFAULTS,
  };
  const genesis = buildL2Genesis({
    ...base,
    owner: KEYS.owner.address,
    gasLimit: parameters.gasLimit,
    feeVaults: feeVaultsTo(KEYS.owner.address),
    balances: Object.fromEntries(Object.values(KEYS).map(({ address }) => [address, 10n ** 24n])),
  });
  const config = buildRollupConfig({
    ...base,
    parameters,
    genesis,
    timing: {
      blockTime: options.blockTime ?? 1,
      seqWindowSize: options.seqWindowSize ?? 200,
      maxSequencerDrift: 1800,
      channelTimeout: 50,
    },
  });
  return { deployment, genesis, config, rollupJson: serializeRollupConfig(config) };
}

/** A folder for one run, removed at its end. */
export async function withDirectory<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "altlayer-stock-"));
  try {
    return await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
