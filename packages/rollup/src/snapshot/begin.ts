import { access, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { GenesisFile, Hex, InstallSnapshotOptions, SnapshotInfo } from "@altlayer/engine";
import type { RollupConfig } from "@altlayer/protocol";
import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem/utils";
import type { NodeConfig } from "../config/node-config.ts";
import { syncDirectory } from "../durable-file.ts";
import { describeError, RollupError } from "../errors.ts";
import type { JsonRpcClient } from "../l1/rpc-client.ts";
import { data, parseAnswer } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";
import { genesisText } from "../node/support.ts";
import { CHALLENGER_WINS, DisputeGames } from "../proposer/games.ts";
import { SnapshotConfirmation } from "./confirmation.ts";

const SYSTEM_CONFIG = parseAbi(["function disputeGameFactory() view returns (address)"]);
/** FaultDisputeGame and PermissionedDisputeGame (contracts-bedrock, `GameTypes`). */
const GAME_TYPES = [0, 1];

export interface BeginDependencies {
  readonly install: ((options: InstallSnapshotOptions) => Promise<SnapshotInfo>) | null;
  readonly l1: JsonRpcClient;
  readonly log: Logger;
}

/**
 * Installs the configured snapshot in a new data directory, and asks the L1 about it. A directory that holds a chain
 * already goes on with it: the setting may stay in the configuration.
 * @returns the state of confirmation, also of a snapshot of an earlier start; null for a chain from genesis
 */
export async function beginFromSnapshot(
  options: {
    readonly snapshot: NodeConfig["snapshot"];
    readonly dataDir: string;
    readonly engineDir: string;
    readonly genesisJson: string | GenesisFile;
    readonly rollup: RollupConfig;
  },
  dependencies: BeginDependencies,
): Promise<SnapshotConfirmation | null> {
  const { snapshot, dataDir, engineDir, rollup } = options;
  const { log, l1 } = dependencies;
  const chain = join(engineDir, "chain");
  if (snapshot && !(await exists(chain))) await installFile(snapshot.file, { ...options, chain }, dependencies);
  const confirmation = await SnapshotConfirmation.open(dataDir, { log });
  if (confirmation?.confirmedBy !== null) return confirmation;
  if (snapshot?.blockHash !== undefined) {
    confirmation.requireHash(snapshot.blockHash);
    await confirmation.confirm("operator");
  } else if (await isClaimed(confirmation, { rollup, l1, log })) await confirmation.confirm("dispute-game");
  else
    log.info("no dispute game claims the snapshot's block: the batches after it must", { number: confirmation.number });
  return confirmation;
}

/** The record of what is to be confirmed is on disk before the chain is in its place. */
async function installFile(
  file: string,
  at: {
    readonly dataDir: string;
    readonly engineDir: string;
    readonly chain: string;
    readonly genesisJson: string | GenesisFile;
  },
  { install, log }: BeginDependencies,
): Promise<void> {
  if (!install) {
    throw new RollupError("CONFIG_INVALID", "this program cannot install snapshots", { severity: "critical" });
  }
  const building = `${at.engineDir}.installing`;
  await rm(building, { recursive: true, force: true });
  const info = await install({ file, dataDir: building, genesisJson: await genesisText(at.genesisJson) });
  const { block, accounts, bytes } = info;
  await SnapshotConfirmation.begin(at.dataDir, info);
  await mkdir(at.engineDir, { recursive: true });
  await rename(join(building, "chain"), at.chain);
  await syncDirectory(at.engineDir);
  await rm(building, { recursive: true });
  log.info("snapshot installed", { number: block.number, hash: block.hash, accounts, bytes });
}

/** Whether a dispute game on the L1 claims the snapshot's output root at its block, and nobody won against it. */
async function isClaimed(
  { number, outputRoot: claim }: SnapshotConfirmation,
  dependencies: { readonly rollup: RollupConfig; readonly l1: JsonRpcClient; readonly log: Logger },
): Promise<boolean> {
  const { rollup, l1, log } = dependencies;
  try {
    const games = new DisputeGames({ factory: await factoryOf(rollup, l1) }, { rpc: l1 });
    for (const gameType of GAME_TYPES) {
      const game = await games.find(gameType, claim, number);
      if (game && (await games.status(game)) !== CHALLENGER_WINS) return true;
    }
  } catch (error) {
    // Older contracts have no such getter; then the batches decide.
    log.warn("dispute games cannot be read", { error: describeError(error) });
  }
  return false;
}

async function factoryOf(rollup: RollupConfig, l1: JsonRpcClient): Promise<Hex> {
  const call = { to: rollup.l1SystemConfigAddress, data: encodeFunctionData({ abi: SYSTEM_CONFIG }) };
  const answer = parseAnswer(data, await l1.call("eth_call", [call, "latest"]), "eth_call");
  return decodeFunctionResult({ abi: SYSTEM_CONFIG, data: answer }).toLowerCase() as Hex;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
