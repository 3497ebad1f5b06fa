import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { inRoot, ROOT } from "../lib/paths.mjs";

const SKIPPED = new Set([".git", ".altlayer", "node_modules", "target", "out", "cache", "dist", "native"]);

function walk(folder) {
  return readdirSync(inRoot(folder), { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const child = path.posix.join(folder, entry.name);
    return entry.isDirectory() ? walk(child) : [child];
  });
}

/** The project's own files: what git tracks or would track; all but build results where there is no git. */
export function trackedFiles() {
  let files;
  try {
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 64 * 1024 * 1024,
    });
    files = listed.toString("utf8").split("\0").filter(Boolean);
  } catch {
    files = walk(".");
  }
  return files.filter((file) => existsSync(inRoot(file)));
}
