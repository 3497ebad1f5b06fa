#!/usr/bin/env node
// The one entry behind every npm script. It has no dependency and runs on any Node >= 20, since it is what a fresh
// clone has; it sets up the rest (scripts/setup) and goes on under Node 24.
import { main } from "./lib/main.mjs";

const major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  process.stderr.write(`AltLayer needs Node 20 or newer to set itself up; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}
process.exitCode = await main(process.argv.slice(2));
