import { deregisterKeyCalls, isMember, joinCalls, leaveCalls, operatorStatus, refreshCall } from "@altlayer/restaking";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { shownAmount } from "./amounts.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

export type MembershipOptions = ServiceOptions & SignerOptions;

/** `altlayer operator join`: what is needed is checked first, so that what is missing is named. */
export async function operatorJoin(options: MembershipOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const who = { ...service, operator: account };
  const before = await operatorStatus(who, publicClient);
  const missing = [
    ...(before.registered ? [] : ["it is no operator: altlayer operator register"]),
    ...(before.keyRegistered ? [] : ["it has no key for this service: altlayer operator register"]),
    ...(before.convictedBy === null ? [] : [`it was convicted of fault ${before.convictedBy}`]),
  ];
  if (missing.length > 0) {
    throw new CliError("OPERATOR_NOT_READY", `${account} cannot join: ${missing.join("; ")}`, { data: { missing } });
  }
  const calls = await joinCalls(who, publicClient);
  // A member asks for its weight again: joining twice is no error.
  const done = await perform(calls.length > 0 ? calls : [refreshCall(service, [account])], clients, output);
  const { table } = await operatorStatus(who, publicClient);
  if (output.json) output.answer({ operator: account, table, transactions: done });
  else {
    output.line(`${account} is member ${table.index} with weight ${table.weight.map(shownAmount).join(", ")} by class`);
    if (table.weight.includes(0n))
      output.line("a weight of zero waits for the churn limit: see altlayer restake status");
  }
  return EXIT.ok;
}

/** `altlayer operator deregister-key`: of one that has left for long enough; `register` then takes another key. */
export async function operatorDeregisterKey(options: MembershipOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const done = await perform(
    await deregisterKeyCalls({ ...service, operator: account }, publicClient),
    clients,
    output,
  );
  if (output.json) output.answer({ operator: account, transactions: done });
  else output.line(`${account} has no key for ${service.suite.registrar} any more; the old one can never come back`);
  return EXIT.ok;
}

/** `altlayer operator leave` */
export async function operatorLeave(options: MembershipOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const who = { ...service, operator: account };
  const done = await perform(await leaveCalls(who, publicClient), clients, output);
  const [member, { slashable }] = await Promise.all([isMember(who, publicClient), operatorStatus(who, publicClient)]);
  if (output.json) output.answer({ operator: account, member, slashable, transactions: done });
  else {
    const still = slashable ? ", and stays slashable for the core's deallocation delay" : "";
    output.line(done.length === 0 ? `${account} is no member${still}` : `${account} has left${still}`);
  }
  return EXIT.ok;
}
