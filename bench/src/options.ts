import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Flags that every bench has. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", default: false },
  /** A run of seconds that shows that the bench still works; its figures mean nothing. */
  smoke: { type: "boolean", default: false },
} as const;

/** Runs with a temporary directory, which is gone afterwards. */
export async function withDirectory<T>(name: string, run: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `altlayer-bench-${name}-`));
  try {
    return await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;
