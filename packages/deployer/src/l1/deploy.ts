import { DeployerError } from "../errors.ts";
import type { DeploymentParameters, DeploymentParametersInput } from "../parameters.ts";
import { parseDeploymentParameters } from "../parameters.ts";
import { isDevelopmentChain, refuseUnsafeParameters } from "../safeguards.ts";
import type { Hex, L1Addresses, L1Anchor } from "../types.ts";
import type { L1, L1Access } from "./access.ts";
import { openL1 } from "./access.ts";
import { ensureMulticall3 } from "./multicall3.ts";
import { findStart } from "./resume.ts";
import type { Progress, SendOptions } from "./send.ts";
import { sendPlan } from "./send.ts";
import { verifyDeployment } from "./verify.ts";

export interface DeployOptions {
  readonly parameters: DeploymentParametersInput | DeploymentParameters;
  /** The chain that the caller means; another id behind the URL is refused. */
  readonly l1ChainId?: number;
  /** Ids that count as development chains besides the usual ones, such as one's own L2 below an L3. */
  readonly developmentChainIds?: readonly number[];
  readonly sending?: SendOptions["sending"];
  /** How long to wait for each receipt. */
  readonly timeoutMs?: number;
}

export interface DeployDependencies {
  readonly l1: L1Access;
  readonly onProgress?: (progress: Progress) => void;
  /** Stops between transactions. A later call with the same parameters resumes. */
  readonly signal?: AbortSignal;
  /** Makes a block of what was sent. Given, the L1 makes none by itself: a development chain before its clock is started. */
  readonly mine?: () => Promise<void>;
}

export interface Deployment {
  readonly l1ChainId: number;
  readonly deployer: Hex;
  readonly parameters: DeploymentParameters;
  readonly addresses: L1Addresses;
  /** The block of the last deployment transaction or a later one: the rollup starts after it. */
  readonly anchor: L1Anchor;
  /** Transactions sent by this call; fewer than the plan's when it resumed. */
  readonly transactionsSent: number;
}

const TIMEOUT_MS_DEVELOPMENT = 60_000;
const TIMEOUT_MS = 600_000;

/**
 * Deploys the L1 contracts of one rollup from one account, and returns their addresses and the L1 block to start after.
 *
 * Called again with the same parameters after an interruption, it continues where it stopped; after success, it sends
 * nothing and returns the same addresses, as long as the account has made but a few other transactions since.
 * @throws DeployerError, see `DEPLOYER_ERRORS`. Errors of severity `temporary` allow the same call again.
 */
export async function deployL1Contracts(options: DeployOptions, dependencies: DeployDependencies): Promise<Deployment> {
  const parameters = parseDeploymentParameters(options.parameters);
  const l1 = await openL1(dependencies.l1);
  if (options.l1ChainId !== undefined && options.l1ChainId !== l1.chainId) {
    throw new DeployerError(
      "CHAIN_MISMATCH",
      `the L1 node serves chain ${l1.chainId}, not ${options.l1ChainId}: check the URL`,
      {
        expected: options.l1ChainId,
        found: l1.chainId,
      },
    );
  }
  if (parameters.l2ChainId === l1.chainId) {
    throw new DeployerError("INVALID_PARAMETERS", `l2ChainId ${parameters.l2ChainId} is the L1's own: choose another`);
  }
  const chain = { l1ChainId: l1.chainId, developmentChainIds: options.developmentChainIds ?? [] };
  refuseUnsafeParameters(parameters, { deployer: l1.deployer, ...chain });

  const development = isDevelopmentChain(chain);
  const { plan, first } = await findStart(parameters, l1);
  const lastReceipt = await sendPlan(plan, first, l1, {
    sending: options.sending ?? "auto",
    timeoutMs: options.timeoutMs ?? (development ? TIMEOUT_MS_DEVELOPMENT : TIMEOUT_MS),
    ...(dependencies.signal === undefined ? {} : { signal: dependencies.signal }),
    ...(dependencies.mine === undefined ? {} : { mine: dependencies.mine }),
    ...(dependencies.onProgress === undefined ? {} : { onProgress: dependencies.onProgress }),
  });
  await verifyDeployment(plan.addresses, parameters, l1);
  // Wallets' libraries read many contracts at once through it. Live chains have it, and a live deployment spends nothing on it.
  if (development) await ensureMulticall3(l1);
  return {
    l1ChainId: l1.chainId,
    deployer: l1.deployer,
    parameters,
    addresses: plan.addresses,
    anchor: await readAnchor(l1, lastReceipt?.blockHash),
    transactionsSent: plan.steps.length - first,
  };
}

async function readAnchor(l1: L1, hash: Hex | undefined): Promise<L1Anchor> {
  interface Block {
    readonly hash: Hex;
    readonly number: Hex;
    readonly timestamp: Hex;
  }
  const block =
    hash === undefined
      ? await l1.request<Block | null>("eth_getBlockByNumber", ["latest", false])
      : await l1.request<Block | null>("eth_getBlockByHash", [hash, false]);
  if (block === null)
    throw new DeployerError(
      "L1_REQUEST_FAILED",
      `L1 lost block ${hash}, which held the last deployment transaction: deploy again`,
    );
  return { hash: block.hash, number: Number(block.number), timestamp: Number(block.timestamp) };
}
