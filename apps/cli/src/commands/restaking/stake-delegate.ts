import { type DelegationApproval, delegateCalls, stakerStatus, undelegateCalls } from "@altlayer/restaking";
import { z } from "zod";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { readConfigFile } from "../config-file.ts";
import type { SignerOptions } from "../signer.ts";
import { addressOf, openSigning, perform, type ServiceOptions } from "./context.ts";

export interface StakeDelegateOptions extends ServiceOptions, SignerOptions {
  readonly to?: string;
  readonly undelegate?: boolean;
  readonly approval?: string;
}

const hex = z.templateLiteral(["0x", z.string().regex(/^[0-9a-fA-F]*$/)]);
const approvalSchema = z.object({ signature: hex, expiry: z.coerce.bigint(), salt: hex });

/** `altlayer stake delegate`: all of the staker's deposits stand behind one operator. */
export async function stakeDelegate(options: StakeDelegateOptions, output: Output): Promise<number> {
  const { to, undelegate } = options;
  if ((to === undefined) !== (undelegate === true)) {
    throw new CliError(
      "USAGE",
      "say to whom: --to <operator>; or --undelegate, which queues all deposits for withdrawal",
    );
  }
  const { service, publicClient, clients, account } = await openSigning(options);
  const who = { core: service.core, staker: account };
  const calls =
    to === undefined
      ? await undelegateCalls(who, publicClient)
      : await delegateCalls(
          { ...who, operator: addressOf(to, "--to"), ...(await approvalOf(options.approval)) },
          publicClient,
        );
  const done = await perform(calls, clients, output);
  const { delegatedTo, withdrawals } = await stakerStatus(who, publicClient);
  if (output.json) output.answer({ staker: account, delegatedTo, withdrawals, transactions: done });
  else output.line(delegatedTo === null ? `${account} delegates to nobody` : `${account} delegates to ${delegatedTo}`);
  return EXIT.ok;
}

async function approvalOf(file: string | undefined): Promise<{ readonly approval?: DelegationApproval }> {
  if (file === undefined) return {};
  const parsed = approvalSchema.safeParse(await readConfigFile(file));
  if (parsed.success) return { approval: parsed.data };
  throw new CliError("CONFIG_INVALID", `${file} is no approval: ${z.prettifyError(parsed.error)}`);
}
