import type { Command } from "commander";

/** Where `altlayer platform` keeps everything. */
export const PLATFORM_DATA_DIR = ".altlayer/platform";

/** Commands that speak to a control plane: on this machine by the file it wrote, elsewhere by --url and a token. */
export function remote(command: Command): Command {
  return command
    .option("--url <url>", "a control plane elsewhere; default: the one of this machine")
    .option("--token-env <name>", "with --url: environment variable with an API token", "ALTLAYER_TOKEN")
    .option("--team <id>", "the team, where a token's owner has several")
    .option("--data-dir <path>", "where the platform of this machine keeps its data", PLATFORM_DATA_DIR)
    .option("--json", "print JSON");
}
