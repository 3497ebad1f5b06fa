import { stakerStatus } from "@altlayer/restaking";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { type SignerOptions, signerOf } from "../signer.ts";
import { shownAmount } from "./amounts.ts";
import { addressOf, openService, type ServiceOptions } from "./context.ts";

export interface StakeStatusOptions extends ServiceOptions, SignerOptions {
  readonly staker?: string;
}

/** `altlayer stake status` */
export async function stakeStatus(options: StakeStatusOptions, output: Output): Promise<number> {
  const { service, publicClient } = await openService(options);
  const staker = await accountOf(options.staker, options, "--staker");
  const status = await stakerStatus({ core: service.core, staker }, publicClient);
  if (output.json) {
    output.answer(status);
    return EXIT.ok;
  }
  output.line(`${staker} delegates to ${status.delegatedTo ?? "nobody"}`);
  for (const { strategy, withdrawable, depositShares } of status.deposits) {
    const symbol = service.strategies.find((each) => each.strategy === strategy)?.symbol ?? strategy;
    output.line(`  ${shownAmount(withdrawable)} ${symbol} (${depositShares} deposit shares)`);
  }
  for (const { shares, completableAt } of status.withdrawals) {
    output.line(`  queued: ${shares.map(shownAmount).join(", ")}, from L1 block ${completableAt}`);
  }
  return EXIT.ok;
}

/** An account named on the command line, or the signer's own. */
export async function accountOf(text: string | undefined, signer: SignerOptions, name: string) {
  if (text !== undefined) return addressOf(text, name);
  if (signer.keyEnv === undefined && signer.keyFile === undefined && signer.keystore === undefined) {
    throw new CliError("USAGE", `say whose: ${name} <address>, or a key`);
  }
  return (await signerOf(signer)).address;
}
