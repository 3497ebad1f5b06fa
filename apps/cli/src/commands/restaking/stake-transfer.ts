import { type Call, tokenOf } from "@altlayer/restaking";
import { erc20Abi } from "viem";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { amountOf, strategyOf } from "./amounts.ts";
import { addressOf, openSigning, perform, type ServiceOptions } from "./context.ts";

export interface StakeTransferOptions extends ServiceOptions, SignerOptions {
  readonly token: string;
  readonly to: string;
  readonly amount: string;
}

/** `altlayer stake transfer`: a token that counts as stake, to who will deposit it. Each repetition sends once more. */
export async function stakeTransfer(options: StakeTransferOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const { strategy, symbol } = strategyOf(options.token, service);
  const to = addressOf(options.to, "--to");
  const token = await tokenOf(strategy, publicClient);
  const amount = await amountOf(options.amount, token, publicClient);
  const call: Call = {
    label: `transfer ${options.amount} ${symbol}`,
    address: token,
    abi: erc20Abi,
    functionName: "transfer",
    args: [to, amount],
  };
  const done = await perform([call], clients, output);
  if (output.json) output.answer({ from: account, to, token, amount, transactions: done });
  else output.line(`${account} sent ${options.amount} ${symbol} to ${to}`);
  return EXIT.ok;
}
