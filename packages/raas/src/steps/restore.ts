import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseRollupConfig } from "@altlayer/protocol";
import { RaasError } from "../errors.ts";
import type { Explorer } from "../explorer/explorer.ts";
import { GENESIS_FILE, ROLLUP_FILE } from "../runtime/chain-files.ts";
import type { Snapshots } from "../snapshots/snapshots.ts";
import type { LaunchDependencies } from "./launch.ts";
import { buildGenesis } from "./launch.ts";
import { genesisResult } from "./results.ts";
import type { StepContext } from "./step.ts";

const ASIDE = "node.before-";

/**
 * Prepares a start without the node's data: what is left of them is put aside, genesis.json and rollup.json are built
 * anew where they are gone, and the newest snapshot that is whole is named for the start. Without one the chain is
 * derived from the settlement network alone. The node does not run meanwhile (`decide`).
 */
export function restoreNode(
  dependencies: LaunchDependencies & {
    readonly snapshots: Snapshots;
    readonly explorer: Pick<Explorer, "forget">;
  },
) {
  const { directoryOf, snapshots, explorer } = dependencies;
  const rebuild = buildGenesis(dependencies);
  return async (context: StepContext): Promise<unknown> => {
    const { rollup, result, detail } = context;
    if (rollup.restore === null) throw new RaasError("INTERNAL", "nobody asked for a restore");
    const directory = directoryOf(rollup.id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await explorer.forget(rollup.id);
    const kept = await putAside(directory, rollup.restore.id);
    const { l2GenesisHash } = genesisResult.parse(result("genesis"));
    if ((await genesisHashIn(directory)) !== l2GenesisHash) {
      detail("genesis.json and rollup.json are built anew");
      const rebuilt = genesisResult.parse(await rebuild(context));
      if (rebuilt.l2GenesisHash !== l2GenesisHash) {
        throw new RaasError("RESTORE_FAILED", "the genesis built from the records is not the chain's", {
          details: { expected: l2GenesisHash, found: rebuilt.l2GenesisHash },
        });
      }
    }
    const snapshot = await snapshots.newestIntact(rollup.id);
    detail(
      snapshot === null ? "from the settlement network alone" : `from the snapshot of block ${snapshot.blockNumber}`,
    );
    return {
      restore: rollup.restore.id,
      snapshot:
        snapshot === null
          ? null
          : { file: snapshot.file, blockHash: snapshot.blockHash, blockNumber: snapshot.blockNumber },
      putAside: kept,
    };
  };
}

/** @returns the folder that holds what there was, until the next restore; null when there was nothing */
async function putAside(directory: string, restoreId: string): Promise<string | null> {
  const node = join(directory, "node");
  const name = `${ASIDE}${restoreId}`;
  const aside = join(directory, name);
  if (await exists(aside)) {
    // A first attempt has put the old data aside; what lies there now is of a start in between.
    await rm(node, { recursive: true, force: true });
  } else if (await exists(node)) await rename(node, aside);
  for (const other of await readdir(directory)) {
    if (other.startsWith(ASIDE) && other !== name) await rm(join(directory, other), { recursive: true, force: true });
  }
  return (await exists(aside)) ? name : null;
}

/** Of the chain that the two files describe; null when one of them is gone or damaged. */
async function genesisHashIn(directory: string): Promise<string | null> {
  try {
    JSON.parse(await readFile(join(directory, GENESIS_FILE), "utf8"));
    return parseRollupConfig(await readFile(join(directory, ROLLUP_FILE), "utf8")).genesis.l2.hash;
  } catch {
    return null;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
