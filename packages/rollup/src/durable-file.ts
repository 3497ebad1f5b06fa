import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";

/**
 * Replaces a file so that after a crash it holds either the old or the new content in full, and durably so on return.
 * Only its owner may read it, nor look into a directory that is made for it.
 */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  await write(temporary, content, "w");
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Writes a file that must not be there yet, with the same care. */
export async function createDurably(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await write(path, content, "wx");
  await syncDirectory(dirname(path));
}

async function write(path: string, content: string | Uint8Array, flags: "w" | "wx"): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** A file's bytes; `null` where there is none. @throws whatever else keeps it from being read: that is no absence */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A line of text with its checksum behind it, without the newline. */
export const seal = (text: string) => `${text} ${crc32(text).toString(16).padStart(8, "0")}`;

/** The text of a sealed line; `null` if a bit of it has changed or a part is missing. */
export function unseal(line: string): string | null {
  const text = line.slice(0, -9);
  return line === seal(text) ? text : null;
}
