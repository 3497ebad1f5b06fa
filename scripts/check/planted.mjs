import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/**
 * Writes `files` (path to text) below a temporary folder, runs `work` there and removes it.
 * A copy of the layout, not the repository itself: other checks may run at the same time.
 * @template T @param {Record<string, string>} files @param {(folder: string) => Promise<T>} work @returns {Promise<T>}
 */
export async function withPlanted(files, work) {
  const folder = mkdtempSync(path.join(tmpdir(), "altlayer-planted-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
