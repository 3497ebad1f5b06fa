import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inLocal, inRoot } from "./paths.mjs";

const SKIPPED = new Set(["node_modules", "target", "out", "cache", ".altlayer", "test", "tests", "benches"]);
const stampFile = (name) => inLocal("stamps", name);

/** Every file below `relative` (a file or a folder) whose name ends with one of `endings`, sorted. */
function filesOf(relative, endings) {
  const absolute = inRoot(relative);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return [relative];
  return readdirSync(absolute, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (SKIPPED.has(entry.name)) return [];
      const child = path.posix.join(relative, entry.name);
      if (entry.isDirectory()) return filesOf(child, endings);
      return endings.some((ending) => entry.name.endsWith(ending)) ? [child] : [];
    });
}

/** A hash over the contents of what a step reads, plus anything else it depends on (versions, platform). */
export function fingerprint(inputs, endings, extra = []) {
  const hash = createHash("sha256");
  for (const value of extra) hash.update(`${value}\0`);
  for (const input of inputs) {
    for (const file of filesOf(input, endings))
      hash
        .update(`${file}\0`)
        .update(readFileSync(inRoot(file)))
        .update("\0");
  }
  return hash.digest("hex");
}

/** As `fingerprint`, of sizes and times instead of contents. */
export function timesOf(inputs, { endings, extra = [] }) {
  const hash = createHash("sha256").update(JSON.stringify(extra));
  for (const file of inputs.flatMap((input) => filesOf(input, endings))) {
    const { size, mtimeMs } = statSync(inRoot(file));
    hash.update(`${file}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest("hex");
}

export function isCurrent(name, value, outputs) {
  if (!outputs.every((output) => existsSync(output))) return false;
  return existsSync(stampFile(name)) && readFileSync(stampFile(name), "utf8") === value;
}

export function writeStamp(name, value) {
  const file = stampFile(name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, value);
  renameSync(`${file}.new`, file);
}
