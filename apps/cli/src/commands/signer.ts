import { type KeyReference, loadAccount } from "@altlayer/rollup";
import type { LocalAccount } from "viem/accounts";
import { CliError } from "../errors.ts";

/** The key comes by reference, so that it stands in no command line and no process listing. */
export interface SignerOptions {
  readonly keyEnv?: string;
  readonly keyFile?: string;
  readonly keystore?: string;
}

/** The account that signs and pays. @throws CliError `USAGE` for two keys, `KEY_UNAVAILABLE` for none. */
export async function signerOf({ keyEnv, keyFile, keystore }: SignerOptions): Promise<LocalAccount> {
  const references: KeyReference[] = [
    ...(keyEnv === undefined ? [] : [{ kind: "env" as const, name: keyEnv }]),
    ...(keyFile === undefined ? [] : [{ kind: "file" as const, path: keyFile }]),
    ...(keystore === undefined ? [] : [{ kind: "keystore" as const, path: keystore }]),
  ];
  const [reference, second] = references;
  if (second !== undefined) throw new CliError("USAGE", "name one key only: --key-env, --key-file or --keystore");
  if (reference === undefined) {
    throw new CliError("KEY_UNAVAILABLE", "this needs a key that can pay: --key-env, --key-file or --keystore");
  }
  return loadAccount(reference);
}
