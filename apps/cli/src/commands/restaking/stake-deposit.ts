import { depositCalls, stakerStatus, tokenOf } from "@altlayer/restaking";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { amountOf, shownAmount, strategyOf } from "./amounts.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

export interface StakeDepositOptions extends ServiceOptions, SignerOptions {
  readonly token: string;
  readonly amount?: string;
  readonly upTo?: string;
  readonly wrap?: boolean;
}

/** `altlayer stake deposit`: into a strategy of the service, or any that the core takes. */
export async function stakeDeposit(options: StakeDepositOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const { strategy, symbol } = strategyOf(options.token, service);
  const text = options.amount ?? options.upTo;
  if (text === undefined || (options.amount !== undefined && options.upTo !== undefined)) {
    throw new CliError(
      "USAGE",
      "say how much: --amount <amount>, or --up-to <amount> to deposit what is missing to it",
    );
  }
  const wanted = await amountOf(text, await tokenOf(strategy, publicClient), publicClient);
  const before = await withdrawable(strategy);
  const amount = options.upTo === undefined ? wanted : wanted > before ? wanted - before : 0n;
  const who = { core: service.core, staker: account, strategy, amount, wrapEther: options.wrap === true };
  const done = amount === 0n ? [] : await perform(await depositCalls(who, publicClient), clients, output);
  const deposited = await withdrawable(strategy);
  if (output.json) output.answer({ staker: account, strategy, amount, deposited, transactions: done });
  else output.line(`${account} has ${shownAmount(deposited)} ${symbol} deposited`);
  return EXIT.ok;

  async function withdrawable(of: string): Promise<bigint> {
    const { deposits } = await stakerStatus({ core: service.core, staker: account }, publicClient);
    return deposits.find(({ strategy: each }) => each === of)?.withdrawable ?? 0n;
  }
}
