import { submitRootCalls } from "@altlayer/restaking";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import type { SignerOptions } from "../signer.ts";
import { openSigning, perform, type ServiceOptions } from "./context.ts";

/** `altlayer restake distribute`: what EigenLayer's updater does elsewhere, for a development core. */
export async function restakeDistribute(options: ServiceOptions & SignerOptions, output: Output): Promise<number> {
  const { service, publicClient, clients } = await openSigning(options);
  const done = await perform(await submitRootCalls(service, publicClient), clients, output);
  if (output.json) output.answer({ transactions: done });
  else output.line(done.length === 0 ? "nothing new was earned" : "earners can claim");
  return EXIT.ok;
}
