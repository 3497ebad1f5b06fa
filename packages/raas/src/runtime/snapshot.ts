import { giveOrder } from "@altlayer/rollup";
import { z } from "zod";
import { word } from "../spec/primitives.ts";
import type { SnapshotOptions, SnapshotResult } from "./runtime.ts";

const answer = z.object({
  block: z.object({ number: z.number().int().min(0), hash: word }),
  bytes: z.number().int().min(0),
});

/** Orders a snapshot from the node on this data directory, in whichever process it runs. @throws RollupError of the node */
export async function snapshotOf(dataDir: string, { path, block }: SnapshotOptions): Promise<SnapshotResult> {
  const info = answer.parse(await giveOrder(dataDir, "snapshot", { path, block }));
  return { blockNumber: info.block.number, blockHash: info.block.hash, bytes: info.bytes };
}
