import { claimCalls, type RewardsClaim } from "@altlayer/restaking";
import { z } from "zod";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { readConfigFile } from "../config-file.ts";
import type { SignerOptions } from "../signer.ts";
import { addressOf, openSigning, perform, type ServiceOptions } from "./context.ts";

export interface ClaimOptions extends ServiceOptions, SignerOptions {
  readonly proof?: string;
  readonly recipient?: string;
}

const hex = z.templateLiteral(["0x", z.string().regex(/^[0-9a-fA-F]*$/)]);
const index = z.number().int().min(0).max(0xffffffff);
const proofSchema = z.object({
  rootIndex: index,
  earnerIndex: index,
  earnerTreeProof: hex,
  earnerLeaf: z.object({ earner: hex, earnerTokenRoot: hex }),
  tokenIndices: z.array(index).max(64),
  tokenTreeProofs: z.array(hex).max(64),
  tokenLeaves: z.array(z.object({ token: hex, cumulativeEarnings: z.coerce.bigint() })).max(64),
});

/** `altlayer stake claim` and `altlayer operator claim`: rewards by the newest root in force. */
export async function claim(options: ClaimOptions, output: Output): Promise<number> {
  const { service, publicClient, clients, account } = await openSigning(options);
  const recipient = options.recipient === undefined ? account : addressOf(options.recipient, "--recipient");
  const proof = options.proof === undefined ? {} : { claim: await readProof(options.proof) };
  const calls = await claimCalls({ ...service, earner: account, recipient, ...proof }, publicClient);
  const done = await perform(calls, clients, output);
  if (output.json) output.answer({ earner: account, recipient, transactions: done });
  else output.line(done.length === 0 ? "there is nothing to claim" : `claimed for ${recipient}`);
  return EXIT.ok;
}

async function readProof(file: string): Promise<RewardsClaim> {
  const parsed = proofSchema.safeParse(await readConfigFile(file));
  if (parsed.success) return parsed.data;
  throw new CliError("CONFIG_INVALID", `${file} is no claim: ${z.prettifyError(parsed.error)}`);
}
