import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { kzg, openEngine } from "@altlayer/engine";
import { loadNodeFiles } from "../../src/config/load.ts";
import { RollupNode } from "../../src/node/node.ts";

/** A node in a process of its own, which can be killed without warning. */
export interface NodeProcess {
  readonly url: string;
  readonly pid: number;
  kill(): Promise<void>;
}

const SCRIPT = fileURLToPath(import.meta.url);

export async function startNodeProcess(configFile: string): Promise<NodeProcess> {
  const child = spawn(process.execPath, [SCRIPT, configFile], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new TypeError("the node did not start")), 60_000);
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const line = /^ready (\S+)$/m.exec(text);
      if (!line?.[1]) return;
      clearTimeout(timer);
      resolve(line[1]);
    });
    child.once("exit", () => reject(new TypeError("the node ended")));
  });
  return {
    url,
    pid: child.pid ?? 0,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

if (process.argv[1] === SCRIPT) {
  const files = await loadNodeFiles(process.argv[2] ?? "");
  const node = await RollupNode.start({ ...files, clientVersion: "altlayer/test" }, { openEngine, kzg });
  process.stdout.write(`ready ${node.rpc?.httpUrl}\n`);
}
