import { registerKeyCalls, registerOperatorCalls } from "@altlayer/restaking";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { type BlsKeyOptions, setSecretOf } from "./bls-key.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

export interface OperatorRegisterOptions extends ServiceOptions, SignerOptions, BlsKeyOptions {
  readonly allocationDelay: number;
  readonly metadataUri: string;
}

/** `altlayer operator register`: in the core, for ever; and the service's key, with its proof of possession. */
export async function operatorRegister(options: OperatorRegisterOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  // Before the first transaction: a wrong password must not leave half of it done.
  const secret = await setSecretOf(options, service);
  const { bn254 } = await import("@altlayer/engine");
  const { allocationDelay, metadataUri: metadataURI } = options;
  const who = { ...service, operator: account };
  const registered = await registerOperatorCalls({ ...who, allocationDelay, metadataURI }, publicClient);
  const done = await perform(registered, clients, output);
  const keyed = await registerKeyCalls({ ...who, secret }, { publicClient, bn254 });
  done.push(...(await perform(keyed, clients, output)));
  if (output.json) output.answer({ operator: account, transactions: done });
  else output.line(`${account} is an operator, with a key for ${service.suite.registrar}`);
  return EXIT.ok;
}
