#!/usr/bin/env node
// The sources themselves, whatever was bundled: `bin/altlayer.mjs` is what people start.
import { main } from "./cli.ts";

process.exitCode = await main(process.argv.slice(2));
