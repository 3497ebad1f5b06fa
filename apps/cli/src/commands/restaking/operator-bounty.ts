import { bountyOf, claimedFaults, payBountyCall } from "@altlayer/restaking";
import type { Hex } from "viem";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

export interface OperatorBountyOptions extends ServiceOptions, SignerOptions {
  readonly fault?: Hex;
}

/** `altlayer operator bounty`: collects the bounties of faults that the account has reported, as far as they are due. */
export async function operatorBounty(options: OperatorBountyOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const faults = options.fault === undefined ? await claimedFaults(service, account, publicClient) : [options.fault];
  const head = Number(await publicClient.getBlockNumber({ cacheTime: 0 }));
  const before = await Promise.all(faults.map((fault) => bountyOf(service, fault, publicClient)));
  // One is paid in a period: the next is tried, and refused by the contract, when this is repeated.
  const due = before.find(
    ({ paid, slashed, reporter, payableAt }) => !paid && slashed && reporter !== null && payableAt <= head,
  );
  // A fault that is named goes to the contract whatever we think of it: it says best what is missing.
  const pay = options.fault ?? due?.faultId;
  const done = pay === undefined ? [] : await perform([payBountyCall(service, pay)], clients, output);
  const bounties = await Promise.all(faults.map((fault) => bountyOf(service, fault, publicClient)));
  if (output.json) {
    output.answer({ bounties, transactions: done });
    return EXIT.ok;
  }
  if (bounties.length === 0) output.line(`${account} has claimed no bounty`);
  for (const { faultId, paid, slashed, payableAt } of bounties) {
    const state = paid ? "paid" : slashed ? `can be collected from L1 block ${payableAt}` : "waits for a slash";
    output.line(`${faultId}: ${state}`);
  }
  return EXIT.ok;
}
