import { developmentParameters } from "@altlayer/deployer";
import type { ForkName } from "@altlayer/protocol";
import { createChain } from "../chain/create.ts";
import type { ChainFiles } from "../chain/record.ts";
import { readChain, writeChain } from "../chain/record.ts";
import { CliError } from "../errors.ts";
import { rpc } from "../rpc.ts";
import { roleAccounts, userAccounts } from "./accounts.ts";

export interface DevChainOptions {
  readonly directory: string;
  readonly l1Url: string;
  readonly l1ChainId: number;
  readonly l2ChainId: number;
  readonly blockTimeSeconds: number;
  readonly newestFork: ForkName;
}

const ETHER = 10n ** 18n;
const BALANCE_WEI = 10_000n * ETHER;
/** Room for load tests; the base fee moves as slowly as on OP chains, yet a block may be half full before it does. */
const GAS_LIMIT = 1_000_000_000;
const EIP1559 = { denominator: 250, elasticity: 2 };
const SEQUENCING_WINDOW_BLOCKS = 3_600;

/** The chain in the data directory, checked against this L1, or a new one. */
export async function ensureChain(
  options: DevChainOptions,
  dependencies: { readonly onProgress: (text: string) => void; readonly signal: AbortSignal },
): Promise<{ readonly files: ChainFiles; readonly resumed: boolean }> {
  const known = await readChain(options.directory);
  if (known !== undefined) {
    await requireSameL1(options.l1Url, known);
    return { files: known, resumed: true };
  }
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
      onProgress: ({ step, steps, label }) => dependencies.onProgress(`deploying contracts ${step}/${steps} ${label}`),
    },
  );
  await writeChain(options.directory, files);
  return { files, resumed: false };
}

/** The L1 must hold the block that the rollup starts after. @throws CliError `L1_OTHER_CHAIN`, `L1_OLDER_THAN_ROLLUP`. */
async function requireSameL1(url: string, { record }: ChainFiles): Promise<void> {
  const { anchor } = record;
  const block = await rpc<{ hash: string } | null>(url, "eth_getBlockByNumber", [
    `0x${anchor.number.toString(16)}`,
    false,
  ]);
  if (block?.hash === anchor.hash) return;
  if (block === null) {
    throw new CliError(
      "L1_OLDER_THAN_ROLLUP",
      `the L1's saved state ends before block ${anchor.number}, after which the rollup starts: its state was lost, begin anew with --fresh`,
      {
        data: { anchor: anchor.number },
      },
    );
  }
  throw new CliError(
    "L1_OTHER_CHAIN",
    `the L1 has another block ${anchor.number} (${block.hash}) than the one the rollup was deployed on (${anchor.hash}): begin anew with --fresh`,
    {
      data: { anchor: anchor.number, expected: anchor.hash, found: block.hash },
    },
  );
}
