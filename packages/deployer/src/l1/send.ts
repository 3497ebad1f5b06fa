import { setTimeout as sleep } from "node:timers/promises";
import { DeployerError } from "../errors.ts";
import type { Hex } from "../types.ts";
import type { L1, L1Transaction } from "./access.ts";
import { quantity } from "./access.ts";
import type { DeploymentPlan, DeploymentStep } from "./plan.ts";

export interface Progress {
  readonly step: number;
  readonly steps: number;
  readonly label: string;
  readonly hash?: Hex;
}

export interface SendOptions {
  /** `burst`: as many at once as fit a block; `sequential`: each receipt awaited; `auto`: bursts on anvil only. */
  readonly sending: "auto" | "burst" | "sequential";
  /** How long to wait for one receipt. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Makes a block of what was sent, on an L1 that makes none by itself. */
  readonly mine?: () => Promise<void>;
}

export interface Receipt {
  readonly status: Hex;
  readonly blockNumber: Hex;
  readonly blockHash: Hex;
  readonly gasUsed: Hex;
}

const POLL_FIRST_MS = 20;
const POLL_MAX_MS = 2_000;
/** A transaction that the node no longer knows after this long is sent again, as signed, with all that follow it. */
const RESEND_AFTER_MS = 2_500;
/** A burst keeps this far below a block's gas (see `sendPlan`). */
const BURST_GAS_MARGIN = 1.1;

/**
 * Sends the plan's steps from `first` on and returns the last receipt.
 *
 * A development node that mines on an interval silently drops the transactions that do not fit its block, and with them
 * all later nonces. So what goes at once fits one block, and what the node forgot all the same is sent again.
 * @throws DeployerError `TRANSACTION_REVERTED`, `TRANSACTION_TIMEOUT`, `INSUFFICIENT_FUNDS`, `L1_REQUEST_FAILED`, `ABORTED`.
 */
export async function sendPlan(
  plan: DeploymentPlan,
  first: number,
  l1: L1,
  options: SendOptions,
): Promise<Receipt | undefined> {
  const remaining = plan.steps.slice(first);
  if (remaining.length === 0) return undefined;
  const fees = await currentFees(l1);
  await checkFunds(remaining, fees, l1);
  let last: Receipt | undefined;
  const burstGas = options.sending === "sequential" ? undefined : await burstGasOf(l1, options);
  if (burstGas !== undefined) {
    for (let start = first; start < plan.steps.length; ) {
      const end = burstEnd(plan.steps, start, burstGas);
      last = await sendBurst(plan, { start, end, fees }, l1, options);
      start = end;
    }
    return last;
  }
  for (const [index, step] of remaining.entries()) {
    // The gas depends on the state that the steps before left, which are all mined by now.
    const gas = await estimateGas(step, l1);
    const transaction = transactionOf(step, plan.startNonce + first + index, gas, await currentFees(l1));
    const hash = await l1.send(transaction);
    await options.mine?.();
    last = await receiptOf(hash, step, l1, options, () => sendLost([transaction], [hash], l1));
    report(options, plan, first + index, step, hash);
  }
  return last;
}

/** Sends the steps from `start` to before `end` at once, then waits for their receipts. */
async function sendBurst(
  plan: DeploymentPlan,
  { start, end, fees }: { start: number; end: number; fees: Fees },
  l1: L1,
  options: SendOptions,
): Promise<Receipt | undefined> {
  const steps = plan.steps.slice(start, end);
  const transactions = steps.map((step, index) =>
    transactionOf(step, plan.startNonce + start + index, BigInt(step.gas), fees),
  );
  const hashes = await Promise.all(transactions.map((transaction) => l1.send(transaction)));
  await options.mine?.();
  let last: Receipt | undefined;
  for (const [index, step] of steps.entries()) {
    const resend = () => sendLost(transactions.slice(index), hashes.slice(index), l1);
    last = await receiptOf(hashes[index]!, step, l1, options, resend);
    report(options, plan, start + index, step, hashes[index]);
  }
  return last;
}

/** Sends those again that the node has forgotten. Signatures are deterministic, so the hashes stay. */
async function sendLost(transactions: readonly L1Transaction[], hashes: readonly Hex[], l1: L1): Promise<void> {
  const known = await Promise.all(hashes.map((hash) => l1.request<object | null>("eth_getTransactionByHash", [hash])));
  const lost = transactions.filter((_, index) => known[index] === null);
  // One that was mined meanwhile is refused, which its receipt will tell in the next round.
  await Promise.allSettled(lost.map((transaction) => l1.send(transaction)));
  // An anvil that mines on demand may leave in its pool what did not fit a block, until it is told.
  const automine = await l1.request<boolean>("anvil_getAutomine").catch(() => false);
  if (lost.length === 0 && automine) await l1.request("evm_mine").catch(() => undefined);
}

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

function transactionOf(step: DeploymentStep, nonce: number, gas: bigint, fees: Fees): L1Transaction {
  return { ...(step.to === undefined ? {} : { to: step.to }), data: step.data, nonce, gas, ...fees };
}

async function currentFees(l1: L1): Promise<Fees> {
  const [block, tip] = await Promise.all([
    l1.request<{ baseFeePerGas?: Hex }>("eth_getBlockByNumber", ["latest", false]),
    l1.request<Hex>("eth_maxPriorityFeePerGas").catch(() => "0x3b9aca00" as Hex),
  ]);
  const baseFee = BigInt(block.baseFeePerGas ?? "0x0");
  const maxPriorityFeePerGas = BigInt(tip);
  // Four times the base fee outlasts a dozen full blocks.
  return { maxFeePerGas: baseFee * 4n + maxPriorityFeePerGas, maxPriorityFeePerGas };
}

async function checkFunds(steps: readonly DeploymentStep[], fees: Fees, l1: L1): Promise<void> {
  const balance = BigInt(await l1.request<Hex>("eth_getBalance", [l1.deployer, "latest"]));
  // Half of the bounds is what a deployment takes at the price of today; a node checks the rest, step by step.
  const needed = (BigInt(steps.reduce((sum, { gas }) => sum + gas, 0)) * fees.maxFeePerGas) / 8n;
  if (balance >= needed) return;
  throw new DeployerError(
    "INSUFFICIENT_FUNDS",
    `${l1.deployer} holds ${balance} wei, and the deployment takes about ${needed}: fund it`,
    {
      address: l1.deployer,
      balance,
      needed,
    },
  );
}

/** How much gas may be sent at once; undefined where each transaction is to be awaited. */
async function burstGasOf(l1: L1, { sending }: SendOptions): Promise<number | undefined> {
  const version = await l1.request<string>("web3_clientVersion").catch(() => "");
  const anvil = version.toLowerCase().startsWith("anvil");
  if (!anvil && sending === "auto") return undefined;
  const { gasLimit } = await l1.request<{ gasLimit: Hex }>("eth_getBlockByNumber", ["latest", false]);
  return Number(gasLimit) / BURST_GAS_MARGIN;
}

function burstEnd(steps: readonly DeploymentStep[], start: number, gasMax: number): number {
  let end = start + 1;
  let gas = steps[start]!.gas;
  while (end < steps.length && gas + steps[end]!.gas <= gasMax) {
    gas += steps[end]!.gas;
    end++;
  }
  return end;
}

async function estimateGas(step: DeploymentStep, l1: L1): Promise<bigint> {
  const call = { from: l1.deployer, data: step.data, ...(step.to === undefined ? {} : { to: step.to }) };
  try {
    const estimate = BigInt(await l1.request<Hex>("eth_estimateGas", [call]));
    return (estimate * 6n) / 5n;
  } catch (error) {
    const reason = error instanceof DeployerError ? error.details.reason : String(error);
    throw new DeployerError("TRANSACTION_REVERTED", `${step.label} would revert: ${reason}`, {
      step: step.label,
      reason,
    });
  }
}

async function receiptOf(
  hash: Hex,
  step: DeploymentStep,
  l1: L1,
  { timeoutMs, signal }: SendOptions,
  resend: () => Promise<void>,
): Promise<Receipt> {
  const deadline = Date.now() + timeoutMs;
  let resendAt = Date.now() + RESEND_AFTER_MS;
  for (let pauseMs = POLL_FIRST_MS; ; pauseMs = Math.min(pauseMs * 2, POLL_MAX_MS)) {
    if (signal?.aborted)
      throw new DeployerError("ABORTED", `the deployment was stopped at ${step.label}; the same call resumes it`);
    const receipt = await l1.request<Receipt | null>("eth_getTransactionReceipt", [hash]);
    if (receipt !== null) {
      if (receipt.status === quantity(1)) return receipt;
      throw new DeployerError("TRANSACTION_REVERTED", `${step.label} reverted in transaction ${hash}`, {
        step: step.label,
        hash,
      });
    }
    if (Date.now() > deadline) {
      throw new DeployerError(
        "TRANSACTION_TIMEOUT",
        `${step.label} (transaction ${hash}) has no receipt after ${timeoutMs} ms; the same call resumes the deployment`,
        { step: step.label, hash, timeoutMs },
      );
    }
    if (Date.now() > resendAt) {
      await resend();
      resendAt = Date.now() + RESEND_AFTER_MS;
    }
    await sleep(pauseMs);
  }
}

function report(
  { onProgress }: SendOptions,
  plan: DeploymentPlan,
  index: number,
  step: DeploymentStep,
  hash: Hex | undefined,
): void {
  onProgress?.({
    step: index + 1,
    steps: plan.steps.length,
    label: step.label,
    ...(hash === undefined ? {} : { hash }),
  });
}
