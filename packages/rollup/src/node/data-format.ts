import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../durable-file.ts";
import { RollupError } from "../errors.ts";

const FILE = "format.json";

/**
 * Of the data directory as a whole: journal, checkpoints, pool, safe heads, transactions under way. Raised by whoever
 * changes one of them so that the version before would misread it; a version that reads older formats too goes on with
 * them.
 */
export const DATA_FORMAT = 1;

const recordSchema = z.object({ format: z.number().int().min(1), writtenBy: z.string().max(200) });

/**
 * Refuses a directory that a newer version has written to, before anything in it is opened: what looks torn to an older
 * version is not cut away. The record is written at the first start with this format.
 * @param options.clientVersion goes into the record, for people
 * @throws RollupError `DATA_FORMAT_NEWER`; `CONFIG_INVALID` for a record that cannot be read
 */
export async function requireKnownFormat({
  dataDir,
  clientVersion,
}: {
  readonly dataDir: string;
  readonly clientVersion: string;
}): Promise<void> {
  const path = join(dataDir, FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  const known = text === null ? null : parse(path, text);
  if (known !== null && known.format > DATA_FORMAT) {
    throw new RollupError(
      "DATA_FORMAT_NEWER",
      `${dataDir} was written by ${known.writtenBy} in format ${known.format}, and this version reads up to ${DATA_FORMAT}: run that version again, or begin in another directory from a snapshot or the L1`,
      { severity: "critical", data: { dataDir, found: known.format, reads: DATA_FORMAT, writtenBy: known.writtenBy } },
    );
  }
  if (known?.format === DATA_FORMAT) return;
  await writeDurably(path, JSON.stringify({ format: DATA_FORMAT, writtenBy: clientVersion.slice(0, 200) }));
}

function parse(path: string, text: string): z.output<typeof recordSchema> {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {}
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RollupError("CONFIG_INVALID", `${path} cannot be read: it should say which format the directory has`, {
    severity: "critical",
    data: { path },
  });
}
