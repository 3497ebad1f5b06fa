import type { Engine, ExecutionPayload, Hex } from "@altlayer/engine";

/** Blocks that are fetched, at most; a longer gap is left to derivation. */
const MAX_GAP = 2_048;

/**
 * Fetches the block of that hash and those below it that the engine does not have, each bound by the hash that its child names,
 * so that whoever answers can withhold, but not invent.
 * @returns the lowest first; `null` where one was not to be had, or the gap is too long
 */
export async function fetchBranch(
  top: { readonly number: number; readonly hash: Hex },
  dependencies: {
    readonly engine: Pick<Engine, "payloadByHash">;
    /** A block by its number; `null` if nobody has it. */
    readonly request: (number: number) => Promise<ExecutionPayload | null>;
    /** Not to be had: for the log. */
    readonly onMissing?: (block: { readonly number: number; readonly hash: Hex }) => void;
  },
): Promise<ExecutionPayload[] | null> {
  const { engine, request, onMissing } = dependencies;
  const missing: ExecutionPayload[] = [];
  let wanted = top.hash;
  for (let number = top.number; (await engine.payloadByHash(wanted, { brief: true })) === null; number--) {
    const payload = missing.length < MAX_GAP ? await request(number) : null;
    if (payload?.blockHash !== wanted) {
      onMissing?.({ number, hash: wanted });
      return null;
    }
    missing.push(payload);
    wanted = payload.parentHash;
  }
  return missing.reverse();
}
