import { nominateCall, serviceStatus, startCall } from "@altlayer/restaking";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

/** `altlayer restake start`: the creator begins the service; epoch 0 is this L1 block's. */
export async function restakeStart(options: ServiceOptions & SignerOptions, output: Output): Promise<number> {
  const { service, publicClient, clients } = await openSigning(options);
  const { startBlock: started } = await serviceStatus(service, publicClient);
  const done = started === null ? await perform([startCall(service.suite)], clients, output) : [];
  const { startBlock } = await serviceStatus(service, publicClient);
  if (output.json) output.answer({ startBlock, transactions: done });
  else output.line(`started with L1 block ${startBlock}`);
  return EXIT.ok;
}

/** `altlayer restake nominate`: the owner of its SystemConfig names the suite that clients should use. */
export async function restakeNominate(options: ServiceOptions & SignerOptions, output: Output): Promise<number> {
  const { service, clients } = await openSigning(options);
  if (service.services === null) throw new CliError("USAGE", `${options.service} names no factory`);
  const { registrar } = service.suite;
  const done = await perform([nominateCall(service.services.factory, service.rollup, registrar)], clients, output);
  if (output.json) output.answer({ canonical: registrar, transactions: done });
  else output.line(`${registrar} is the canonical service of rollup ${service.rollup.l2ChainId}`);
  return EXIT.ok;
}
