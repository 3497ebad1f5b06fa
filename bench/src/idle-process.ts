/**
 * The process that `bench/idle.ts` looks at: rollups without traffic, on one event loop. Its argument is JSON: the files of
 * a chain, the L1, a directory and how many. Prints `started <n>` after the first and after the last.
 */
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { kzg, openEngine } from "@altlayer/engine";
import { createLogger, loadNodeFiles, type NodeConfigInput, parseNodeConfig, RollupNode } from "@altlayer/rollup";

const { configFile, engineDirectory, directory, rollups } = JSON.parse(process.argv[2] ?? "{}") as {
  configFile: string;
  engineDirectory: string;
  directory: string;
  rollups: number;
};
const files = await loadNodeFiles(configFile);
const input = JSON.parse(await readFile(configFile, "utf8")) as NodeConfigInput;
const nodes: RollupNode[] = [];
for (let index = 0; index < rollups; index++) {
  const dataDir = join(directory, `rollup-${index}`);
  await cp(engineDirectory, join(dataDir, "engine"), { recursive: true });
  const config = parseNodeConfig({ ...input, dataDir });
  const options = { config, rollup: files.rollup, genesisJson: files.genesisJson, clientVersion: "altlayer/bench" };
  nodes.push(await RollupNode.start(options, { openEngine, kzg, log: createLogger({ level: "error" }) }));
  if (index === 0 || index === rollups - 1) {
    // Once it has built some blocks, its caches are what they will be.
    while ((nodes[index]?.engine.heads().unsafe.number ?? 0) < 5) await new Promise((done) => setTimeout(done, 100));
    global.gc?.();
    process.stdout.write(`started ${index + 1}\n`);
    await new Promise((done) => process.stdin.once("data", done));
  }
}
for (const node of nodes) await node.close();
process.exit(0);
