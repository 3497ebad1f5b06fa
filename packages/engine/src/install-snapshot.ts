import { addon } from "./native/addon.ts";
import { typedAs } from "./native/typed.ts";
import type { InstallSnapshotOptions, SnapshotInfo } from "./types.ts";

/**
 * Makes an engine's data directory out of a snapshot file, in full or not at all. The state's root, and the hashes of all
 * codes, headers, bodies and receipts are computed; whether the chain has that block at that height is for the caller to
 * find out, from the L1.
 *
 * @throws EngineError with `STATE_SNAPSHOT` for a file that is damaged, of another chain, or does not add up,
 *   `STATE_OCCUPIED` where a chain is already, `ENGINE_INVALID_GENESIS`, `STATE_IO`.
 */
export async function installSnapshot(options: InstallSnapshotOptions): Promise<SnapshotInfo> {
  return JSON.parse(await typedAs(() => addon().installSnapshot(JSON.stringify(options)))) as SnapshotInfo;
}
