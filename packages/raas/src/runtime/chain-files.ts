import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { withLaterForks } from "@altlayer/deployer";
import { parseRollupConfig, type RollupConfig } from "@altlayer/protocol";
import { writeDurably } from "@altlayer/rollup";
import { laterForksOf, UPGRADES } from "../forks/schedule.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";

export const GENESIS_FILE = "genesis.json";
export const ROLLUP_FILE = "rollup.json";

/** What every node of a chain derives it from. */
export interface ChainFiles {
  readonly genesisJson: string;
  readonly rollupJson: string;
}

export async function readChainFiles(directory: string): Promise<ChainFiles> {
  const [genesisJson, rollupJson] = await Promise.all([
    // Whole, then decoded: decoding megabytes piece by piece takes several times as long.
    readFile(join(directory, GENESIS_FILE)).then(String),
    readFile(join(directory, ROLLUP_FILE), "utf8"),
  ]);
  return { genesisJson, rollupJson };
}

/** @throws ProtocolError for one that cannot be followed */
export async function readRollupConfig(directory: string): Promise<RollupConfig> {
  return parseRollupConfig(await readFile(join(directory, ROLLUP_FILE), "utf8"));
}

/** The two files as the spec's fork schedule has them, also where the node does not run with it yet. */
export function scheduledFiles(files: ChainFiles, { forks }: Pick<RollupSpec, "forks">): ChainFiles {
  return hasSchedule(files, forks) ? files : withLaterForks(files, laterForksOf(forks));
}

/**
 * Brings the files on disk to the spec's fork schedule. Both are looked at: after a crash between the two they may hold
 * different ones.
 */
export async function writeScheduledFiles(directory: string, spec: Pick<RollupSpec, "forks">): Promise<void> {
  const rollupJson = await readFile(join(directory, ROLLUP_FILE), "utf8");
  // The genesis has megabytes, and mostly nothing is to be done.
  const genesisJson = await readStart(join(directory, GENESIS_FILE));
  if (hasSchedule({ genesisJson, rollupJson }, spec.forks)) return;
  const scheduled = withLaterForks(await readChainFiles(directory), laterForksOf(spec.forks));
  await writeDurably(join(directory, GENESIS_FILE), scheduled.genesisJson);
  await writeDurably(join(directory, ROLLUP_FILE), scheduled.rollupJson);
}

/** The chain's configuration stands at the beginning of a genesis.json of ours, before the accounts. */
const CONFIG_BYTES = 4_096;

async function readStart(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CONFIG_BYTES), 0, CONFIG_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** @param files of the genesis, its beginning is enough */
function hasSchedule({ genesisJson, rollupJson }: ChainFiles, forks: RollupSpec["forks"]): boolean {
  const { forkTimes, genesis } = parseRollupConfig(rollupJson);
  const wanted = laterForksOf(forks);
  return UPGRADES.every((fork) => {
    const [, digits] = new RegExp(`"${fork}Time":(\\d+)`).exec(genesisJson.slice(0, CONFIG_BYTES)) ?? [];
    return [forkTimes[fork], digits === undefined ? undefined : Number(digits)].every(
      (time) => time === wanted[fork] || (time !== undefined && time <= genesis.l2Time),
    );
  });
}
