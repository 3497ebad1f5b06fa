import { resolve } from "node:path";
import { createKeystore, newSeed, writeKeystore } from "@altlayer/mach";
import { keyDataOf } from "@altlayer/restaking";
import { EXIT } from "../../errors.ts";
import type { Output } from "../../output.ts";
import { type BlsKeyOptions, blsPassword, setSecretOf } from "./bls-key.ts";
import { openService } from "./context.ts";

export interface OperatorKeysOptions extends BlsKeyOptions {
  readonly blsKeystore: string;
  readonly create?: boolean;
  readonly service?: string;
  readonly l1Rpc: string;
}

/** `altlayer operator keys`: makes the keystore, and shows the key of a service. */
export async function operatorKeys(options: OperatorKeysOptions, output: Output): Promise<number> {
  const file = resolve(options.blsKeystore);
  if (options.create === true) {
    const keystore = await createKeystore({ seed: newSeed(), password: await blsPassword(options) });
    await writeKeystore(file, keystore);
    output.note(`wrote ${file}: keep a copy of it and of its password, and never run two operators with it`);
  }
  let key: string | undefined;
  if (options.service !== undefined) {
    const { service } = await openService({ service: options.service, l1Rpc: options.l1Rpc });
    const { bn254 } = await import("@altlayer/engine");
    key = keyDataOf(bn254.publicKeys(await setSecretOf(options, service)));
  }
  if (output.json) output.answer({ keystore: file, ...(key === undefined ? {} : { publicKey: key }) });
  else if (key !== undefined) output.line(`key of the service (G1, then G2): ${key}`);
  return EXIT.ok;
}
