import { giveOrder } from "@altlayer/rollup";
import { z } from "zod";

/** Orders to the node on a data directory, in whichever process it runs. */

/** It asks for its accounts again, and goes on with those. @throws RollupError of the node */
export async function rotateKeysOf(dataDir: string): Promise<void> {
  await giveOrder(dataDir, "rotateKeys", {});
}

const drained = z.object({ left: z.number().int().min(0) });

/** It makes no more blocks, and brings those there are to the L1. @returns how many are not safe when the time is over */
export async function drainOf(dataDir: string, timeoutMs: number): Promise<number> {
  return drained.parse(await giveOrder(dataDir, "drain", { timeoutMs })).left;
}
