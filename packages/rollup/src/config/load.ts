import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseRollupConfig, type RollupConfig } from "@altlayer/protocol";
import { RollupError } from "../errors.ts";
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
    ...(parsed.sequencer?.lease
      ? {
          sequencer: {
            ...parsed.sequencer,
            lease: { ...parsed.sequencer.lease, directory: from(parsed.sequencer.lease.directory) },
          },
        }
      : {}),
    ...(parsed.snapshot ? { snapshot: { ...parsed.snapshot, file: from(parsed.snapshot.file) } } : {}),
  };
  const [genesisJson, rollupJson] = await Promise.all([read(from(config.genesisFile)), read(from(config.rollupFile))]);
  parseJson(config.genesisFile, genesisJson);
  return { config, genesisJson, rollup: parseRollupConfig(rollupJson) };
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
