import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "@altlayer/engine";
import { FORKS, type ForkName, type ForkTimes, type RollupConfig } from "@altlayer/protocol";
import { z } from "zod";
import { writeDurably } from "../durable-file.ts";
import { RollupError } from "../errors.ts";

const FILE = "fork-schedule.json";
const VERSION = 1;

const recordSchema = z.object({
  version: z.literal(VERSION),
  /** Activation times in seconds; forks that were not scheduled are absent. */
  times: z.record(z.string(), z.number().int().nonnegative()),
});

/** Keys of genesis.json's `config` by fork; Delta changes derivation alone. */
const GENESIS_KEYS: Readonly<Partial<Record<ForkName, string>>> = {
  regolith: "regolithTime",
  canyon: "canyonTime",
  ecotone: "ecotoneTime",
  fjord: "fjordTime",
  granite: "graniteTime",
  holocene: "holoceneTime",
};

/**
 * Execution goes by genesis.json and derivation by rollup.json: a node of which only one was replaced would leave the
 * chain at the next fork, and say nothing before.
 * @throws RollupError `CONFIG_INVALID` with the forks whose times differ
 */
export function requireSameSchedule(engine: Pick<Engine, "chainConfig">, rollup: RollupConfig): void {
  const { chainConfig } = engine;
  if (chainConfig === undefined) return;
  const differing = Object.entries(GENESIS_KEYS).flatMap(([fork, key]) => {
    const given = chainConfig[key];
    const genesis = typeof given === "number" ? given : undefined;
    const derived = rollup.forkTimes[fork as ForkName];
    return sameTime(genesis, derived, rollup.genesis.l2Time) ? [] : [{ fork, genesis, rollup: derived }];
  });
  if (differing.length === 0) return;
  const text = differing.map(({ fork, genesis, rollup: time }) => `${fork} at ${shown(genesis)} and ${shown(time)}`);
  throw new RollupError(
    "CONFIG_INVALID",
    `genesis.json and rollup.json schedule forks at different times (${text.join(", ")}): take both from the same place`,
    { severity: "critical", data: { differing } },
  );
}

/**
 * Compares the schedule with that of the last start, and keeps it. A fork's time may move while both times are ahead of
 * the chain; blocks that were executed by other rules than the schedule now names cannot stay (go-ethereum refuses the
 * same: `checkCompatible` of its chain configuration).
 * @param options.dataDir of the node
 * @param options.headTimestamp of the newest block, in seconds
 * @throws RollupError `FORK_SCHEDULE_CONFLICT` naming the fork and both times
 */
export async function keepForkSchedule(
  rollup: Pick<RollupConfig, "forkTimes" | "genesis">,
  { dataDir, headTimestamp }: { readonly dataDir: string; readonly headTimestamp: number },
): Promise<void> {
  const path = join(dataDir, FILE);
  const { forkTimes: times } = rollup;
  const known = await read(path);
  if (known !== null) {
    for (const { name } of FORKS) {
      const [before, now] = [known[name], times[name]];
      if (sameTime(before, now, rollup.genesis.l2Time)) continue;
      const first = Math.min(before ?? Number.POSITIVE_INFINITY, now ?? Number.POSITIVE_INFINITY);
      if (first > headTimestamp) continue;
      throw new RollupError(
        "FORK_SCHEDULE_CONFLICT",
        `${name} was scheduled at ${shown(before)} and is now at ${shown(now)}, but the chain has passed ${first} under the old schedule (its head is at ${headTimestamp}): schedule another time, or begin from a snapshot or the L1 anew`,
        { severity: "critical", data: { fork: name, before, now, headTimestamp } },
      );
    }
  }
  if (known !== null && JSON.stringify(known) === JSON.stringify(times)) return;
  await writeDurably(path, JSON.stringify({ version: VERSION, times }));
}

/** Forks at or before the genesis hold from its first block on, whichever time is written. */
function sameTime(a: number | undefined, b: number | undefined, genesisTime: number): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || (a <= genesisTime && b <= genesisTime);
}

const shown = (time: number | undefined): string => (time === undefined ? "no time" : String(time));

/** @throws RollupError `CONFIG_INVALID` for a record that cannot be read: of a newer version, or damaged */
async function read(path: string): Promise<ForkTimes | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const parsed = recordSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.times as ForkTimes;
  throw new RollupError(
    "CONFIG_INVALID",
    `${path} is damaged or was written by a newer version: start the version that last ran here, or begin from a snapshot`,
    { severity: "critical", data: { path } },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
