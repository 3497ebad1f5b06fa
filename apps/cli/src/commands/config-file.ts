import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { CliError } from "../errors.ts";

/** A file that the user names. @throws CliError `CONFIG_NOT_FOUND`. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CliError("CONFIG_NOT_FOUND", `cannot read the configuration file ${resolve(file)}`, {
      data: { file: resolve(file) },
      cause,
    });
  }
}

/** A JSON document that the user names. Its content is checked by whoever it is for. */
export async function readConfigFile(file: string): Promise<unknown> {
  const text = await readTextFile(file);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("CONFIG_INVALID", `${resolve(file)} is not JSON: ${reason}`, {
      data: { file: resolve(file) },
      cause,
    });
  }
}
