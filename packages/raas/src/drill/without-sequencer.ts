import { parseRollupConfig } from "@altlayer/protocol";
import type { RollupNode } from "@altlayer/rollup";
import {
  createPublicClient,
  encodeFunctionData,
  http,
  type PublicClient,
  parseAbi,
  type TransactionReceipt,
} from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { getL2TransactionHashes } from "viem/op-stack";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import { startCopy } from "./copy-node.ts";
import type { DrillContext } from "./drill.ts";
import { snapshotFor, waitFor } from "./drill.ts";
import type { IsolatedL1 } from "./isolated-l1.ts";

const PORTAL = parseAbi([
  "function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes data) payable",
]);
const DEPOSIT_GAS = 400_000n;
/** A window's last block is judged once the next is there; some more do no harm. */
const BLOCKS_BEYOND = 4;

/** A world in which our sequencer, batcher and proposer are gone: a copy of the L1, and a plain follower on it. */
export interface Abandoned {
  readonly l1: IsolatedL1;
  readonly node: RollupNode;
  readonly l2: PublicClient;
  /** A user whose key was made for the drill; has ether on the copy of the L1. */
  readonly user: PrivateKeyAccount;
}

export async function abandonedChain(context: DrillContext): Promise<Abandoned> {
  const { rollup, network, files, snapshots, directory, step, log } = context;
  const snapshot = await snapshotFor(context);
  const l1 = await step("Copy the settlement network", async (detail) => {
    const copy = await context.isolateL1();
    detail(`${network.name} as of block ${(await copy.head()).number}`);
    return copy;
  });
  return await step("Start a plain follower on the copy", async (detail) => {
    const node = await startCopy(
      {
        directory,
        snapshot: { file: snapshots.path(rollup.id, snapshot.file), blockHash: snapshot.blockHash },
        files,
        network,
        l1Url: l1.url,
        trustL1: true,
      },
      { log },
    );
    context.atEnd(() => node.close());
    detail("no sequencer, no batcher, no proposer, no keys");
    const user = privateKeyToAccount(generatePrivateKey());
    await l1.fund(user.address);
    const l2 = createPublicClient({ transport: http(node.rpc?.httpUrl), cacheTime: 0 });
    return { l1, node, l2: l2 as PublicClient, user };
  });
}

export interface Forced {
  readonly receipt: TransactionReceipt;
  /** L1 block of the deposit. */
  readonly l1Block: number;
  readonly windowBlocks: number;
}

/**
 * Sends a transaction to the rollup through the portal, lets the sequencing window pass, and waits until the follower
 * has derived it. @throws RaasError `DRILL_FAILED` when it is left out or fails
 */
export async function forceIn(
  { l1, l2, node, user }: Abandoned,
  { to, value, data = "0x" }: { readonly to: Hex; readonly value: bigint; readonly data?: Hex },
  { contracts, files, step, signal }: DrillContext,
): Promise<Forced> {
  const { l1Block, hash } = await deposit({ l1, user }, { to, value, data }, { contracts, step });
  const windowBlocks = parseRollupConfig(files.rollupJson).seqWindowSize;
  await step("Let the sequencing window pass", async (detail) => {
    await l1.mine(windowBlocks + BLOCKS_BEYOND, {
      signal,
      onMined: (mined) => detail(`${mined} of ${windowBlocks + BLOCKS_BEYOND} blocks`),
    });
    detail(`${windowBlocks} blocks without a batch`);
  });
  const receipt = await step("Wait until the follower has derived it", async (detail) => {
    const found = await waitFor(
      "the deposit on the rollup",
      async () => {
        const safe = node.engine.heads().safe.number;
        const seen = await l2.getTransactionReceipt({ hash }).catch(() => null);
        return seen !== null && Number(seen.blockNumber) <= safe ? seen : null;
      },
      signal,
    );
    if (found.status !== "success") throw new RaasError("DRILL_FAILED", `the forced transaction ${hash} failed`);
    detail(`in block ${found.blockNumber} of the rollup`);
    return found;
  });
  return { receipt, l1Block, windowBlocks };
}

/** Sends a transaction to the rollup through the portal. @returns its L1 block, and its hash on the rollup */
export async function deposit(
  { l1, user }: Pick<Abandoned, "l1" | "user">,
  { to, value, data }: { readonly to: Hex; readonly value: bigint; readonly data: Hex },
  { contracts, step }: Pick<DrillContext, "contracts" | "step">,
): Promise<{ readonly l1Block: number; readonly hash: Hex }> {
  return await step("Deposit through the portal", async (detail) => {
    const args = [to, value, DEPOSIT_GAS, false, data] as const;
    const call = encodeFunctionData({ abi: PORTAL, functionName: "depositTransaction", args });
    const receipt = await l1.send(user, { to: contracts.OptimismPortalProxy!, data: call, value });
    const [announced] = getL2TransactionHashes(receipt);
    if (announced === undefined) throw new RaasError("DRILL_FAILED", "the portal announced no deposit");
    detail(`in block ${receipt.blockNumber} of the copy`);
    return { l1Block: Number(receipt.blockNumber), hash: announced };
  });
}
