import { developmentParameters } from "@altlayer/deployer";
import type { ForkName } from "@altlayer/protocol";
import { createChain } from "../chain/create.ts";
import type { ChainFiles } from "../chain/record.ts";
import { writeChain } from "../chain/record.ts";
import { roleAccounts, userAccounts } from "./accounts.ts";

export interface DevChainOptions {
  readonly directory: string;
  readonly l1Url: string;
  readonly l1ChainId: number;
  readonly l2ChainId: number;
  readonly blockTimeSeconds: number;
  readonly newestFork: ForkName;
}

export interface DevChainDependencies {
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
  /** Makes an L1 block of what was sent: the L1's clock does not run yet. */
  readonly mine: () => Promise<void>;
}

const ETHER = 10n ** 18n;
const BALANCE_WEI = 10_000n * ETHER;
/** Room for load tests; the base fee moves as slowly as on OP chains, yet a block may be half full before it does. */
const GAS_LIMIT = 1_000_000_000;
const EIP1559 = { denominator: 250, elasticity: 2 };
const SEQUENCING_WINDOW_BLOCKS = 3_600;

/** Deploys the rollup's contracts on the development L1 and writes the chain's files. */
export async function newChain(options: DevChainOptions, dependencies: DevChainDependencies): Promise<ChainFiles> {
  const { owner, batcher, proposer, challenger, unsafeBlockSigner } = roleAccounts();
  const { files } = await createChain(
    {
      parameters: developmentParameters({
        l2ChainId: options.l2ChainId,
        owner: owner.address,
        batcher: batcher.address,
        proposer: proposer.address,
        challenger: challenger.address,
        unsafeBlockSigner: unsafeBlockSigner.address,
        gasLimit: GAS_LIMIT,
        eip1559: EIP1559,
      }),
      newestFork: options.newestFork,
      timing: {
        blockTime: options.blockTimeSeconds,
        seqWindowSize: SEQUENCING_WINDOW_BLOCKS,
        maxSequencerDrift: 1_800,
        channelTimeout: 50,
      },
      feeRecipient: owner.address,
      balances: Object.fromEntries(userAccounts().map(({ address }) => [address, BALANCE_WEI])),
      l1ChainId: options.l1ChainId,
    },
    {
      l1: { rpcUrl: options.l1Url, privateKey: owner.privateKey },
      signal: dependencies.signal,
      mine: dependencies.mine,
      onProgress: ({ step, steps, label }) => dependencies.onProgress(`deploying contracts ${step}/${steps} ${label}`),
    },
  );
  await writeChain(options.directory, files);
  return files;
}
