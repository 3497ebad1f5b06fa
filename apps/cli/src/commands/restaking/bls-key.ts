import { deriveSetSecret, readKeystore } from "@altlayer/mach";
import type { MachServiceFile } from "@altlayer/restaking";
import { CliError } from "../../errors.ts";
import { readTextFile } from "../config-file.ts";

export interface BlsKeyOptions {
  /** EIP-2335 file with the operator's seed. */
  readonly blsKeystore?: string;
  readonly blsPasswordFile?: string;
}

const PASSWORD_VARIABLE = "ALTLAYER_BLS_PASSWORD";

/** The password of the BLS keystore. @throws CliError `KEY_UNAVAILABLE`. */
export async function blsPassword({ blsPasswordFile }: BlsKeyOptions): Promise<string> {
  if (blsPasswordFile !== undefined) return (await readTextFile(blsPasswordFile)).replace(/\r?\n$/, "");
  const password = process.env[PASSWORD_VARIABLE];
  if (password !== undefined && password !== "") return password;
  throw new CliError(
    "KEY_UNAVAILABLE",
    `the keystore's password is missing: --bls-password-file or ${PASSWORD_VARIABLE}`,
  );
}

/** The secret of the service's set. @throws MachError `KEYSTORE_PASSWORD`, `KEYSTORE_MALFORMED`. */
export async function setSecretOf(options: BlsKeyOptions, service: MachServiceFile): Promise<Uint8Array> {
  const { blsKeystore } = options;
  if (blsKeystore === undefined) {
    throw new CliError("KEY_UNAVAILABLE", "the operator's BLS keystore is missing: --bls-keystore <file>");
  }
  const [{ bn254 }, seed] = await Promise.all([
    import("@altlayer/engine"),
    blsPassword(options).then((password) => readKeystore(blsKeystore, password).catch(namedFile(blsKeystore))),
  ]);
  const set = { l1ChainId: service.l1ChainId, avs: service.suite.registrar, operatorSetId: 0 };
  return deriveSetSecret({ seed, set }, { bn254 });
}

/** A keystore that is not there is wrong input, like any other file. */
function namedFile(file: string) {
  return (error: unknown): never => {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    throw new CliError("KEY_UNAVAILABLE", `there is no keystore ${file}: altlayer operator keys --create makes one`, {
      data: { file },
    });
  };
}
