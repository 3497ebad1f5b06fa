import { completeWithdrawalCalls, queueWithdrawalCalls, stakerStatus } from "@altlayer/restaking";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { shownAmount, strategyOf } from "./amounts.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

export interface StakeWithdrawOptions extends ServiceOptions, SignerOptions {
  readonly token?: string;
  readonly shares?: string;
  readonly complete?: boolean;
}

/** `altlayer stake withdraw`: queues, or completes what has waited for the core's delay. */
export async function stakeWithdraw(options: StakeWithdrawOptions, output: Output): Promise<number> {
  const { token, shares, complete } = options;
  if ((token === undefined) !== (complete === true)) {
    throw new CliError("USAGE", "say what to queue: --token <token> [--shares <wei>]; or --complete what has waited");
  }
  if (shares !== undefined && !/^[1-9]\d{0,77}$/.test(shares)) {
    throw new CliError("USAGE", `--shares is a whole number of deposit shares (wei), as status shows them: ${shares}`);
  }
  const { service, publicClient, clients, account } = await openSigning(options);
  const who = { core: service.core, staker: account };
  const calls =
    token === undefined
      ? await completeWithdrawalCalls(who, publicClient)
      : await queueWithdrawalCalls(
          {
            ...who,
            strategy: strategyOf(token, service).strategy,
            ...(shares === undefined ? {} : { depositShares: BigInt(shares) }),
          },
          publicClient,
        );
  const done = await perform(calls, clients, output);
  const { withdrawals, withdrawalDelay } = await stakerStatus(who, publicClient);
  if (output.json) {
    output.answer({ staker: account, withdrawals, withdrawalDelay, transactions: done });
    return EXIT.ok;
  }
  if (complete === true && done.length === 0) output.line("nothing has waited long enough");
  for (const { withdrawal, shares: left, completableAt } of withdrawals) {
    const symbol = (of: string) => service.strategies.find(({ strategy }) => strategy === of)?.symbol ?? of;
    const parts = withdrawal.strategies.map((strategy, i) => `${shownAmount(left[i] ?? 0n)} ${symbol(strategy)}`);
    output.line(`queued: ${parts.join(", ")}; can be completed from L1 block ${completableAt}`);
  }
  return EXIT.ok;
}
