import { type Address, type Hex, keccak256, type PublicClient, toHex, zeroHash } from "viem";
import type { ServiceContext } from "../clients/sets.ts";
import { abiOf, accountOf, type Clients } from "../deployment.ts";
import { RestakingError } from "../errors.ts";
import { SLASH_PAGE } from "../keeper/plan.ts";
import { type Call, execute, read } from "../transaction.ts";
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
 * @throws RestakingError `REFUSED`: `NotAFault`, `EvidenceTooOld`, `InvalidSignature`.
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
  const faultId = await faultOf(call, clients);
  if (salt !== undefined) {
    const reporter = accountOf(clients).address;
    // The commitment has to be of an earlier block than the proof: `execute` waits for it.
    await execute(commitBountyCall(context, { faultId, reporter, salt }), clients);
  }
  const receipt = await execute(call, clients);
  const convicted: Address[] = [];
  if (evidence.kind === "signatures") convicted.push(evidence.operator);
  else {
    for (const page of await convictCalls(context, evidence, receipt, publicClient)) {
      await execute(page, clients);
      convicted.push(...(page.args[2] as { inFirst: { operator: Address } }[]).map(({ inFirst }) => inFirst.operator));
    }
  }
  if (salt !== undefined) await execute(claimBountyCall(context, faultId, salt), clients);
  for (let i = 0; i < convicted.length; i += SLASH_PAGE) {
    await execute(slashCall(context, convicted.slice(i, i + SLASH_PAGE)), clients);
  }
  return { faultId, convicted, bountyClaimed: salt !== undefined };
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

/** The name that the slasher will give to the fault. */
async function faultOf({ address, abi, functionName, args, label }: Call, clients: Clients): Promise<Hex> {
  try {
    const { result } = await clients.publicClient.simulateContract({
      account: accountOf(clients),
      ...{ address, abi, functionName, args },
    });
    return result as Hex;
  } catch (cause) {
    // The same simulation with the names of all errors.
    await read(clients.publicClient, address, abi, functionName, args);
    throw new RestakingError("REFUSED", `${label}: ${String(cause)}`);
  }
}

/** A salt that only who knows the secret can make, and make again after a crash. */
export function bountySalt(secret: Hex, evidence: Evidence): Hex {
  return keccak256(toHex(`${secret}${JSON.stringify(evidence, (_, v) => (typeof v === "bigint" ? v.toString() : v))}`));
}
