import { fileURLToPath } from "node:url";

/** Folder of the built console, for a server to serve as it is: `index.html`, and `assets/` whose names carry hashes. */
export const CONSOLE_FILES: string = fileURLToPath(new URL("../dist/", import.meta.url));
