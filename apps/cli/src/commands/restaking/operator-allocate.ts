import { allocateCalls, allocationsOf } from "@altlayer/restaking";
import { parseEther } from "viem";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { strategyOf } from "./amounts.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

export interface OperatorAllocateOptions extends ServiceOptions, SignerOptions {
  readonly percent: string;
  readonly token?: string;
}

/** `altlayer operator allocate`: how much of the stake the service may slash. */
export async function operatorAllocate(options: OperatorAllocateOptions, output: Output): Promise<number> {
  const { percent, token } = options;
  if (!/^\d{1,3}(\.\d{1,15})?$/.test(percent) || Number(percent) > 100) {
    throw new CliError("USAGE", `--percent is a part of 100: ${percent}`);
  }
  const { service, publicClient, clients, account } = await openSigning(options);
  const only = token === undefined ? {} : { only: [strategyOf(token, service).strategy] };
  const who = { ...service, operator: account };
  const calls = await allocateCalls({ ...who, wad: parseEther(percent) / 100n, ...only }, publicClient);
  const done = await perform(calls, clients, output);
  const [allocations, head] = await Promise.all([
    allocationsOf(who, publicClient),
    publicClient.getBlockNumber({ cacheTime: 0 }),
  ]);
  if (output.json) {
    output.answer({ operator: account, allocations, transactions: done });
    return EXIT.ok;
  }
  for (const { strategy, current, pending, effectBlock, max } of allocations) {
    const symbol = service.strategies.find((each) => each.strategy === strategy)?.symbol ?? strategy;
    const blocks = BigInt(effectBlock) - head;
    const waiting =
      pending === 0n ? "" : `, ${percentOf(pending, max)} more from L1 block ${effectBlock} (in ${blocks})`;
    output.line(`${symbol}: ${percentOf(current, max)} allocated${waiting}`);
  }
  return EXIT.ok;
}

function percentOf(magnitude: bigint, max: bigint): string {
  return max === 0n ? "0 %" : `${Number((magnitude * 1_000_000n) / max) / 10_000} %`;
}
