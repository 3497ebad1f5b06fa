import type { Command } from "commander";
import { action, port, positive, withLogging } from "./command-line.ts";

const DATA_DIR = ".altlayer/platform";

/** Commands of the platform: the program itself, and those that speak to one. */
export function addPlatformCommands(root: Command, done: (exitCode: number) => void): void {
  withLogging(
    root
      .command("platform")
      .description("start the platform: a development L1, the control plane with its console, and a first rollup")
      .option("--data-dir <path>", "where everything is kept", DATA_DIR)
      .option("--fresh", "begin anew: forget the rollups and the L1 in the data directory")
      .option("--port <port>", "console and API; default 7000, or a free port", port)
      .option("--l1-port <port>", "JSON-RPC of the development L1; default 8545, or a free port", port)
      .option("--beacon-port <port>", "beacon API with its blobs; default 5052, or a free port", port)
      .option("--l1-block-time <seconds>", "time between two blocks of the development L1", positive, 2)
      .option("--no-development", "without a development L1 and a first rollup")
      .option("--networks <file>", "further settlement networks, as JSON; see docs/platform.md")
      .option("--postgres-env <name>", "environment variable with the connection string of a PostgreSQL store")
      .option("--public-url <url>", "origin under which browsers reach the console, behind a proxy")
      .option("--console-dir <path>", "a build of the console other than the set-up's")
      .option("--json", "print one JSON object when ready"),
  ).action(action(async () => (await import("./commands/platform.ts")).platform, done));
}
