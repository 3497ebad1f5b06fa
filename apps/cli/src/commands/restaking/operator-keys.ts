import { resolve } from "node:path";
import { createKeystore, newSeed, writeKeystore } from "@altlayer/mach";
import { keyDataOf, type MachServiceFile } from "@altlayer/restaking";
import { CliError, EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { type BlsKeyOptions, blsPassword, setSecretOf } from "./bls-key.ts";
import { openService } from "./context.ts";

export interface OperatorKeysOptions extends BlsKeyOptions {
  readonly blsKeystore: string;
  readonly create?: boolean;
  readonly service: string;
  readonly l1Rpc: string;
}

/** `altlayer operator keys`: makes the keystore, and shows the key of a service. */
export async function operatorKeys(options: OperatorKeysOptions, output: Output): Promise<number> {
  const file = resolve(options.blsKeystore);
  const service = await serviceOf(options);
  if (options.create === true) {
    const keystore = await createKeystore({ seed: newSeed(), password: await blsPassword(options) });
    await writeKeystore(file, keystore);
    output.note(`wrote ${file}: keep a copy of it and of its password, and never run two operators with it`);
  }
  let key: string | undefined;
  if (service !== undefined) {
    const { bn254 } = await import("@altlayer/engine");
    key = keyDataOf(bn254.publicKeys(await setSecretOf(options, service)));
  }
  if (output.json) output.answer({ keystore: file, ...(key === undefined ? {} : { publicKey: key }) });
  else if (key !== undefined) output.line(`key of the service (G1, then G2): ${key}`);
  else output.line(`no service yet: with its mach.json (--service) this command shows the key that it has there`);
  return EXIT.ok;
}

/** Before a keystore is made: what is wrong with the service must not leave half of it done. It needs none yet. */
async function serviceOf(options: OperatorKeysOptions): Promise<MachServiceFile | undefined> {
  try {
    return (await openService(options)).service;
  } catch (error) {
    const none = error instanceof CliError && error.code === "CONFIG_NOT_FOUND";
    if (none && options.create === true) return undefined;
    throw error;
  }
}
