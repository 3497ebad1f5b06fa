import { operatorStatus as read } from "@altlayer/restaking";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { shownAmount } from "./amounts.ts";
import { openService, type ServiceOptions } from "./context.ts";
import { accountOf } from "./stake-status.ts";

export interface OperatorStatusOptions extends ServiceOptions, SignerOptions {
  readonly operator?: string;
}

/** `altlayer operator status` */
export async function operatorStatus(options: OperatorStatusOptions, output: Output): Promise<number> {
  const { service, publicClient } = await openService(options);
  const operator = await accountOf(options.operator, options, "--operator");
  const status = await read({ ...service, operator }, publicClient);
  if (output.json) {
    output.answer(status);
    return EXIT.ok;
  }
  const { table } = status;
  output.line(`operator ${operator}`);
  output.line(
    `  registered   ${status.registered ? `yes, allocations count after ${status.allocationDelay} blocks` : "no"}`,
  );
  output.line(`  key          ${status.keyRegistered ? "registered" : "none"}`);
  for (const { symbol, shares, strategy } of status.shares) {
    const allocated = status.allocations.find((each) => each.strategy === strategy);
    output.line(
      `  ${symbol.padEnd(12)} ${shownAmount(shares)} delegated, ${shownAmount(allocated?.current ?? 0n)} of magnitude allocated`,
    );
  }
  output.line(
    `  member       ${status.member ? `index ${table.index}` : status.slashable ? "no, still slashable" : "no"}`,
  );
  output.line(
    `  weight       ${table.weight.map(shownAmount).join(", ")} by class; joining takes ${status.minimum.map(shownAmount).join(", ")}`,
  );
  if (status.member) output.line(`  expires      after L1 block ${table.expiry}`);
  if (status.convictedBy !== null) {
    output.line(`  convicted    of ${status.convictedBy}, ${status.slashed ? "slashed" : "not slashed yet"}`);
  }
  return EXIT.ok;
}
