import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseRollupConfig, type RollupConfig } from "@altlayer/protocol";
import { RollupError } from "../errors.ts";
import type { KeyReference } from "../l1/keys.ts";
import { type NodeConfig, type NodeConfigInput, parseNodeConfig } from "./node-config.ts";

export interface NodeFiles {
  readonly config: NodeConfig;
  readonly rollup: RollupConfig;
  readonly genesisJson: string;
}

/**
 * Reads a node's configuration file (JSON) and the two files that it names. Relative paths in it are relative to it.
 * What `over` holds replaces fields of the file.
 * @throws RollupError `CONFIG_INVALID`; ProtocolError for a rollup.json that cannot be followed
 */
export async function loadNodeFiles(path: string, over: Partial<NodeConfigInput> = {}): Promise<NodeFiles> {
  const given = parseJson(path, await read(path));
  const parsed = parseNodeConfig(typeof given === "object" && given !== null ? { ...given, ...over } : given);
  const from = (file: string) => resolve(dirname(path), file);
  const config: NodeConfig = {
    ...parsed,
    dataDir: from(parsed.dataDir),
    ...(parsed.sequencer ? { sequencer: sequencerFrom(parsed.sequencer, from) } : {}),
    ...(parsed.batcher ? { batcher: { ...parsed.batcher, key: keyFrom(parsed.batcher.key, from) } } : {}),
    ...(parsed.proposer ? { proposer: { ...parsed.proposer, key: keyFrom(parsed.proposer.key, from) } } : {}),
    ...(parsed.mach ? { mach: machFrom(parsed.mach, from) } : {}),
    ...(parsed.snapshot ? { snapshot: { ...parsed.snapshot, file: from(parsed.snapshot.file) } } : {}),
  };
  const [genesisJson, rollupJson] = await Promise.all([read(from(config.genesisFile)), read(from(config.rollupFile))]);
  // Genesis is read by the engine alone, which says what is wrong with it: a million accounts take seconds to parse.
  return { config, genesisJson, rollup: parseRollupConfig(rollupJson) };
}

type From = (file: string) => string;

function sequencerFrom(
  sequencer: NonNullable<NodeConfig["sequencer"]>,
  from: From,
): NonNullable<NodeConfig["sequencer"]> {
  const { signer, lease } = sequencer;
  return {
    ...sequencer,
    ...(signer ? { signer: keyFrom(signer, from) } : {}),
    ...(lease ? { lease: { ...lease, directory: from(lease.directory) } } : {}),
  };
}

function machFrom(mach: NonNullable<NodeConfig["mach"]>, from: From): NonNullable<NodeConfig["mach"]> {
  const { operator } = mach;
  if (operator === undefined) return mach;
  const { keystore, passwordFile, signer } = operator;
  return {
    ...mach,
    operator: {
      ...operator,
      ...(keystore === undefined ? {} : { keystore: from(keystore) }),
      ...(passwordFile === undefined ? {} : { passwordFile: from(passwordFile) }),
      ...(signer === undefined ? {} : { signer: { ...signer, tokenFile: from(signer.tokenFile) } }),
    },
  };
}

function keyFrom(key: KeyReference, from: From): KeyReference {
  if (key.kind === "file") return { ...key, path: from(key.path) };
  if (key.kind !== "keystore") return key;
  const { passwordFile } = key;
  return { ...key, path: from(key.path), ...(passwordFile === undefined ? {} : { passwordFile: from(passwordFile) }) };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RollupError("CONFIG_INVALID", `cannot read ${path}`, { severity: "critical", data: { path }, cause });
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RollupError("CONFIG_INVALID", `${path} is not JSON`, { severity: "critical", data: { path } });
  }
}
