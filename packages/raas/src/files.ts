import { mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

async function write(path: string, content: string | Uint8Array, flags: "w" | "wx"): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Replaces a file so that after a crash it holds the old or the new content in full. Readable by its owner only. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await write(`${path}.new`, content, "w");
  await rename(`${path}.new`, path);
  await syncDirectory(dirname(path));
}

/** Writes a file that must not be there yet. */
export async function createExclusively(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await write(path, content, "wx");
  await syncDirectory(dirname(path));
}
