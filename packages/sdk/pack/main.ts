import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { packSdk } from "./pack.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: ".altlayer/sdk" } } });
const folder = resolve(values.out);
await packSdk(folder);
process.stdout.write(`${folder}\n  in your project: npm install ${folder}\n`);
