import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { newSignInLink } from "../platform/client.ts";

/** `altlayer sign-in`: a new one-time link to the console of the platform on this machine. */
export async function signIn({ dataDir }: { readonly dataDir: string }, output: Output): Promise<number> {
  const link = await newSignInLink(dataDir);
  if (output.json) output.answer(link);
  output.line(link.url);
  output.note(`works once, until ${link.expiresAt}`);
  return EXIT.ok;
}
