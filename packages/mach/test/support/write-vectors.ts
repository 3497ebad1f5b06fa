// Writes test/vectors/mach anew: `node packages/mach/test/support/write-vectors.ts`. A change is a change of the protocol.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeVectors, vectorText } from "./vectors.ts";

for (const [name, vector] of Object.entries(makeVectors())) {
  writeFileSync(fileURLToPath(new URL(`../../../../test/vectors/mach/${name}`, import.meta.url)), vectorText(vector));
}
