import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Everything that the set-up makes beside the packages: tools, stamps, logs. Safe to delete. */
export const LOCAL = path.join(ROOT, ".altlayer");

export const inRoot = (...parts) => path.join(ROOT, ...parts);
export const inLocal = (...parts) => path.join(LOCAL, ...parts);
