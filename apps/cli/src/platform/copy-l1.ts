import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CopyL1 } from "@altlayer/raas";
import { anvilBinary } from "../dev/anvil-binary.ts";
import { spawnAnvil } from "../dev/anvil-process.ts";
import { CliError } from "../errors.ts";

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/**
 * A copy of a settlement network for drills: an anvil that forks it at its head. What was before it reads from the
 * network as it is asked for; what comes after is its own. Nothing is sent to the network.
 * @throws CliError `ANVIL_MISSING`, `ANVIL_FAILED`
 */
export const copyL1: CopyL1 = async ({ url, development, directory }) => {
  const logFile = join(directory, "anvil.log");
  const args = [
    ...["--host", "127.0.0.1", "--port", "0", "--fork-url", url, "--no-mining", "--slots-in-an-epoch", "1"],
    // One for each core is too few: a thread that reads of the network waits for others of them, and two such stand still.
    ...["--threads", "16"],
    // Its cache would lie outside of the drill's directory, and outlive it.
    ...["--no-storage-caching", "--no-request-size-limit"],
    ...(development ? ["--hardfork", "prague"] : []),
  ];
  const process_ = spawnAnvil({ binary: anvilBinary(), args, logFile });
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const log = await readFile(logFile, "utf8").catch(() => "");
    const port = /Listening on [^:\s]+:(\d+)/.exec(log)?.[1];
    if (port !== undefined) return { url: `http://127.0.0.1:${port}`, stop: () => process_.stop() };
    if (!process_.running || performance.now() > deadline) {
      await process_.stop();
      throw new CliError("ANVIL_FAILED", `no copy of the L1 came up: ${log.trim().slice(-1_000)}`, {
        data: { logFile },
      });
    }
    await sleep(POLL_MS);
  }
};
