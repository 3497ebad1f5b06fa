import { Command, CommanderError, Option } from "commander";
import { action, port, positive, type Run, withLogging } from "./command-line.ts";
import { VERSION } from "./commands/version.ts";
import { CliError, EXIT } from "./errors.ts";
import { addFinalityCommands } from "./finality-commands.ts";
import { addPlatformCommands } from "./platform-commands.ts";
import { renderError } from "./render-error.ts";
import { addRestakingCommands } from "./restaking-commands.ts";

function snapshotBlock(text: string): "finalized" | "safe" | number {
  return text === "finalized" || text === "safe" ? text : positive(text);
}

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 the surroundings are in the way (port, lock, L1), 130 interrupted.`;

/** The whole command line; a finished command tells `done` its exit code. */
export function program(done: (exitCode: number) => void): Command {
  const root = new Command("altlayer")
    .description("Runs OP-Stack-conformant rollups: a development chain, a sequencer, a follower, and what they need.")
    .version(VERSION, "--version")
    .helpCommand(false)
    .showHelpAfterError("(altlayer --help lists the commands, altlayer <command> --help its options)")
    .addHelpText("after", exitCodes)
    .exitOverride();

  withLogging(
    root
      .command("dev")
      .description("start a development L1 (anvil) and a rollup on it; the next start resumes both")
      .option("--data-dir <path>", "where both chains are kept", ".altlayer/dev")
      .option("--fresh", "begin anew: forget the chains in the data directory")
      .option("--json", "print one JSON object when ready: endpoints, ids, accounts, addresses")
      .option("--rpc-port <port>", "JSON-RPC of the rollup, HTTP and WebSocket; default 9545, or a free port", port)
      .option("--l1-port <port>", "JSON-RPC of the L1; default 8545, or a free port", port)
      .option("--beacon-port <port>", "beacon API with the L1's blobs; default 5052, or a free port", port)
      .option("--metrics-port <port>", "Prometheus metrics, health, readiness; default 7300, or a free port", port)
      .option("--flashblocks-port <port>", "WebSocket stream of slices; default 1111, or a free port", port)
      .option(
        "--gossip-port <port>",
        "tell followers of unsafe blocks by libp2p; 0 for a free port; none by default",
        port,
      )
      .option("--block-time <seconds>", "time between two L2 blocks (new chains)", positive, 1)
      .option("--l1-block-time <seconds>", "time between two L1 blocks", positive, 2)
      .option("--chain-id <id>", "chain id of the rollup (new chains)", positive, 42069)
      .addOption(
        new Option("--fork <name>", "newest OP Stack fork at genesis (new chains)")
          .choices(["fjord", "granite", "holocene"])
          .default("holocene"),
      )
      .addOption(
        new Option("--da <kind>", "where batches go on the L1")
          .choices(["blobs", "calldata", "cheaper"])
          .default("blobs"),
      )
      .option("--mach", "restake the rollup, and certify its blocks by four operators in this process")
      .addHelpText(
        "after",
        "\nThe accounts are those of the mnemonic that every development chain uses: never send real funds to them.",
      ),
  ).action(action(async () => (await import("./commands/dev.ts")).dev, done));

  addPlatformCommands(root, done);

  withLogging(
    root
      .command("deploy")
      .description("deploy a rollup's contracts on an L1 and write genesis.json, rollup.json and addresses.json")
      .option("--l1-rpc <url>", "JSON-RPC of the L1")
      .option("--config <file>", "the deployment's parameters as JSON; `altlayer deploy --print-config` shows one")
      .option("--print-config", "print an example of the configuration and stop")
      .option("--development", "instead of --config: public test keys and no delays, on development chains only")
      .option("--chain-id <id>", "with --development: chain id of the rollup", positive, 42069)
      .option("--key-env <name>", "environment variable with the deployer's private key")
      .option("--key-file <path>", "file with the deployer's private key")
      .option("--keystore <path>", "keystore file (version 3); its password is in ALTLAYER_KEYSTORE_PASSWORD")
      .option("--out <directory>", "where the files go", "deployment")
      .option("--json", "print one JSON object when done"),
  ).action(action(async () => (await import("./commands/deploy.ts")).deploy, done));

  withLogging(
    root
      .command("node")
      .description("run a sequencer or a follower of any L1 from a configuration file")
      .requiredOption("--config <file>", "the node's configuration as JSON; see docs/node.md")
      .option("--snapshot <file>", "begin from this snapshot instead of genesis, if the data directory is new")
      .option("--snapshot-hash <hash>", "hash of the snapshot's block, from whom you trust")
      .option("--json", "print one JSON object when ready"),
  ).action(action(async () => (await import("./commands/node.ts")).node, done));

  root
    .command("snapshot")
    .description("write a snapshot of a node's chain, running or stopped, for a new node to begin from")
    .requiredOption("--config <file>", "the configuration that the node runs with")
    .requiredOption("--out <file>", "where the snapshot goes")
    .option("--block <block>", "finalized, safe, or a number up to the safe head", snapshotBlock, "finalized")
    .option("--json", "print one JSON object when done")
    .action(action(async () => (await import("./commands/snapshot.ts")).snapshot, done));

  root
    .command("export")
    .description("write genesis.json, rollup.json and addresses.json of a chain, for go-ethereum and op-node")
    .option("--from <directory>", "data directory of `altlayer dev`, or output of `altlayer deploy`", ".altlayer/dev")
    .requiredOption("--out <directory>", "where the files go")
    .option("--force", "replace files that are there")
    .option("--json", "print one JSON object when done")
    .action(action(async () => (await import("./commands/export.ts")).exportChain, done));

  root
    .command("status")
    .description("show a rollup's heads and how far the L1 is behind")
    .option("--rpc <url>", "JSON-RPC of the rollup", "http://127.0.0.1:9545")
    .option("--json", "print one JSON object")
    .action(action(async () => (await import("./commands/status.ts")).status, done));

  const sequencer = root.command("sequencer").description("start and stop sequencing by command: a standby takes over");
  const sequencing = (name: string, description: string, load: () => Promise<Run<{ readonly rpc: string }>>) =>
    sequencer
      .command(name)
      .description(description)
      .option("--rpc <url>", "JSON-RPC of the node, with `rpc.admin` in its configuration", "http://127.0.0.1:9545")
      .option("--json", "print one JSON object")
      .action(action(load, done));
  sequencing("start", "begin to sequence; refused while another sequencer is live", async () => {
    return (await import("./commands/sequencer.ts")).startSequencer;
  });
  sequencing("stop", "end after the block in work", async () => {
    return (await import("./commands/sequencer.ts")).stopSequencer;
  });
  sequencing("status", "tell whether the node sequences", async () => {
    return (await import("./commands/sequencer.ts")).sequencerStatus;
  });

  addRestakingCommands(root, done);
  addFinalityCommands(root, done);
  return root;
}

/** What a script that asked for JSON is told of a command line that does not parse. */
function usageError({ message }: CommanderError): CliError {
  return new CliError("USAGE", message.replace(/^error: /, ""));
}

/** Runs one command line and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const root = program((code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) {
      root.outputHelp();
      return EXIT.usage;
    }
    await root.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed its own message by now; help and version count as success.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    if (error instanceof CommanderError && !args.includes("--json")) return EXIT.usage;
    const rendered = renderError(error instanceof CommanderError ? usageError(error) : error);
    if (args.includes("--json"))
      process.stdout.write(
        `${JSON.stringify(rendered.json, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value))}\n`,
      );
    else process.stderr.write(`${rendered.text}\n`);
    return rendered.exitCode;
  }
}
