import { type Call, execute, isSdkError, type ServiceContext, table } from "@altlayer/sdk";
import { type Address, type Hex, keccak256, type PublicClient, toHex, zeroHash } from "viem";
import { abiOf, accountOf, type Clients } from "../deployment.ts";
import { SLASH_PAGE } from "../keeper/plan.ts";
import { read } from "../transaction.ts";
import type { Evidence } from "./evidence.ts";
import { claimBountyCall, commitBountyCall, convictCalls, proveCall, slashCall } from "./slasher.ts";

export interface Recorded {
  readonly faultId: Hex;
  /** Convicted by this evidence, or before. */
  readonly convicted: readonly Address[];
  /** May be collected once claims are closed and a slash took something: `payBountyCall`. */
  readonly bountyClaimed: boolean;
}

/**
 * Brings evidence to the L1 from beginning to end: commits to it, so that nobody who copies the proof gets the bounty;
 * records it; convicts, in pages; and slashes. A core that is paused delays only the last, which a `Keeper` repeats.
 * @param options.salt 32 secret bytes, for the bounty; none is asked for without it.
 * @throws SdkError `REFUSED`: `NotAFault`, `EvidenceTooOld`, `InvalidSignature`.
 */
export async function recordEvidence(
  { context, evidence, salt }: { readonly context: ServiceContext; readonly evidence: Evidence; readonly salt?: Hex },
  clients: Clients,
): Promise<Recorded> {
  const { publicClient } = clients;
  const call = await proveCall(context, evidence, publicClient);
  if (evidence.kind === "signatures") {
    const faultId = await convictionOf(context, evidence.operator, publicClient);
    if (faultId !== undefined) return { faultId, convicted: [evidence.operator], bountyClaimed: false };
  }
  const { faultId, recorded } = await faultOf(call, clients);
  let fromBlock = await laterEpochBlock(context, evidence, publicClient);
  let bountyClaimed = false;
  // Who recorded the pair may not live to convict: whoever finds it goes on.
  if (!recorded) {
    const reporter = accountOf(clients).address;
    // The commitment has to be of an earlier block than the proof: `execute` waits for it.
    if (salt !== undefined) await execute(commitBountyCall(context, { faultId, reporter, salt }), clients);
    fromBlock = (await execute(call, clients)).blockNumber;
  }
  const convicted: Address[] = [];
  if (evidence.kind === "signatures") convicted.push(evidence.operator);
  else {
    for (const page of await convictCalls(context, evidence, { faultId, fromBlock }, publicClient)) {
      await execute(page, clients);
      convicted.push(...(page.args[2] as { inFirst: { operator: Address } }[]).map(({ inFirst }) => inFirst.operator));
    }
  }
  if (!recorded && salt !== undefined) {
    await execute(claimBountyCall(context, faultId, salt), clients);
    bountyClaimed = true;
  }
  for (let i = 0; i < convicted.length; i += SLASH_PAGE) {
    await execute(slashCall(context, convicted.slice(i, i + SLASH_PAGE)), clients);
  }
  return { faultId, convicted, bountyClaimed };
}

/** Evidence cannot have been recorded before the later of its bases was known. */
async function laterEpochBlock(
  context: ServiceContext,
  { first, second }: Evidence,
  publicClient: PublicClient,
): Promise<bigint> {
  const epoch = Math.max(first.message.base.epoch, second.message.base.epoch);
  return table<bigint>(context, publicClient, "epochBlock", [BigInt(epoch)]);
}

/** What an operator was convicted of before. */
export async function convictionOf(
  context: ServiceContext,
  operator: Address,
  publicClient: PublicClient,
): Promise<Hex | undefined> {
  const address = context.suite.slasher;
  const faultId = await read<Hex>(publicClient, address, abiOf("MachSlasher"), "convictedBy", [operator]);
  return faultId === zeroHash ? undefined : faultId;
}

/** The name that the slasher gives to the fault, and whether somebody has recorded it. */
async function faultOf(
  { address, abi, functionName, args }: Call,
  clients: Clients,
): Promise<{ readonly faultId: Hex; readonly recorded: boolean }> {
  try {
    const faultId = await read<Hex>(clients.publicClient, address, abi, functionName, args);
    return { faultId, recorded: false };
  } catch (error) {
    if (!isSdkError(error) || error.details.error !== "AlreadyRecorded") throw error;
    return { faultId: (error.details.args as Hex[])[0]!, recorded: true };
  }
}

/** A salt that only who knows the secret can make, and make again after a crash. */
export function bountySalt(secret: Hex, evidence: Evidence): Hex {
  return keccak256(toHex(`${secret}${JSON.stringify(evidence, (_, v) => (typeof v === "bigint" ? v.toString() : v))}`));
}
