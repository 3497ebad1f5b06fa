import { resolve } from "node:path";
import type { SnapshotInfo } from "@altlayer/engine";
import { openEngine } from "@altlayer/engine";
import { giveOrder, loadNodeFiles, type SnapshotBlock, snapshotOfStopped } from "@altlayer/rollup";
import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";

export interface SnapshotCommandOptions {
  readonly config: string;
  readonly out: string;
  readonly block: SnapshotBlock;
}

/** `altlayer snapshot`: of a running node through its admin socket, of a stopped one from its data directory. */
export async function snapshot(options: SnapshotCommandOptions, output: Output): Promise<number> {
  const files = await loadNodeFiles(options.config);
  const order = { path: resolve(options.out), block: options.block };
  const info = await snapshotOfStopped({ ...files, ...order }, { openEngine }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "STATE_LOCKED")) throw error;
    return giveOrder(files.config.dataDir, "snapshot", order) as Promise<SnapshotInfo>;
  });
  if (output.json) output.answer({ file: order.path, ...info });
  else {
    output.line(`${order.path}  ${(info.bytes / 1_048_576).toFixed(1)} MiB`);
    output.line(`  block       ${info.block.number} ${info.block.hash}`);
    output.line(`  blocks from ${info.firstBlock}`);
    output.line(`  accounts    ${info.accounts}`);
  }
  return EXIT.ok;
}
