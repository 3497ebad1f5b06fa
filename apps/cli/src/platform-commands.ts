import type { Command } from "commander";
import { Option } from "commander";
import { addAlarmCommands, addAttachCommand } from "./alarm-commands.ts";
import { action, cidr, port, positive, type Run, whole, withLogging } from "./command-line.ts";
import type { VerifyOptions } from "./commands/verify.ts";
import { addLifecycleCommands } from "./lifecycle-commands.ts";
import { PLATFORM_DATA_DIR as DATA_DIR, remote } from "./remote-command.ts";

interface JsonOption {
  readonly json?: boolean;
}

/** Commands of the platform: the program itself, and those that speak to one. */
export function addPlatformCommands(root: Command, done: (exitCode: number) => void): void {
  withLogging(
    root
      .command("platform")
      .description(
        "start the platform: a development L1, the control plane with its console, and a first restaked rollup",
      )
      .option("--data-dir <path>", "where everything is kept", DATA_DIR)
      .option("--fresh", "begin anew: forget the rollups and the L1 in the data directory")
      .option("--port <port>", "console and API; default 7000, or a free port", port)
      .option("--l1-port <port>", "JSON-RPC of the development L1; default 8545, or a free port", port)
      .option("--beacon-port <port>", "beacon API with its blobs; default 5052, or a free port", port)
      .option("--rpc-port <port>", "JSON-RPC of the first rollup (new platforms); default 9545, or a free port", port)
      .option("--flashblocks-port <port>", "its stream of slices; default 1111, or a free port", port)
      .option("--l1-block-time <seconds>", "time between two blocks of the development L1", positive, 2)
      .option("--no-development", "without a development L1 and a first rollup")
      .option("--networks <file>", "further settlement networks, as JSON; see docs/platform.md")
      .option("--postgres-env <name>", "environment variable with the connection string of a PostgreSQL store")
      .option("--shared-dir <path>", "keys and rollups' data, where several control planes share a PostgreSQL store")
      .option("--public-url <url>", "origin under which browsers reach the console, behind a proxy")
      .option(
        "--trust-proxy <cidr...>",
        "addresses or ranges of proxies before the platform, whose X-Forwarded-For names the client",
        cidr,
      )
      .option("--mail-env <name>", "environment variable with the SMTP URL of a server that takes e-mail alarms")
      .option("--mail-from <address>", "with --mail-env: the sender's address")
      .option("--allow-private-addresses", "let teams' webhooks and RPC URLs name this machine and its network")
      .addOption(
        new Option("--runtime <kind>", "where rollups run: in the platform's process, or in a process per team")
          .choices(["in-process", "process"])
          .default("in-process"),
      )
      .option("--console-dir <path>", "a build of the console other than the set-up's")
      .option("--json", "print one JSON object when ready"),
  ).action(action(async () => (await import("./commands/platform.ts")).platform, done));

  root
    .command("sign-in")
    .description("print a new one-time link to the console of the platform on this machine")
    .option("--data-dir <path>", "where that platform keeps its data", DATA_DIR)
    .option("--json", "print JSON")
    .action(action(async () => (await import("./commands/sign-in.ts")).signIn, done));

  root
    .command("spec")
    .description("print an example of a rollup's spec, to begin from")
    .option("--reference", "print what every field means instead, as Markdown")
    .option("--json", "print the JSON Schema instead")
    .action(action(async () => (await import("./commands/spec.ts")).spec, done));

  rollupCommands(root, done);
  addLifecycleCommands(root, done);
  addAlarmCommands(root, done);
  addAttachCommand(root, done);
}

/** A command about one rollup: its name or id comes first, and stands among the options as `rollup`. */
function named<Options>(
  load: () => Promise<Run<Options & { readonly rollup: string }>>,
  done: (exitCode: number) => void,
) {
  const run = action(load, done);
  return (rollup: string, options: Options & { readonly json?: boolean }) => run({ ...options, rollup });
}

function rollupCommands(root: Command, done: (exitCode: number) => void): void {
  const load = async () => await import("./commands/rollups.ts");
  remote(root.command("plan").description("tell what a spec would launch or change, and do nothing"))
    .requiredOption("-f, --file <file>", "the rollup's spec, YAML or JSON; - for standard input")
    .action(action(async () => (await load()).plan, done));
  remote(root.command("apply").description("launch a rollup, or bring it to its spec"))
    .requiredOption("-f, --file <file>", "the rollup's spec, YAML or JSON; - for standard input")
    .option("--no-wait", "do not wait until it runs")
    .action(action(async () => (await load()).apply, done));
  remote(root.command("list").description("list the team's rollups")).action(
    action(async () => (await load()).list, done),
  );
  remote(
    root.command("show").description("show a rollup: phase, endpoints, steps, what waits for the owner's signature"),
  )
    .argument("<rollup>", "name or id")
    .action(named(async () => (await load()).show, done));
  remote(root.command("logs").description("show the newest lines of a rollup's log"))
    .argument("<rollup>", "name or id")
    .option("-f, --follow", "and those that come, until Ctrl-C")
    .action(named(async () => (await load()).logs, done));
  remote(root.command("stop").description("stop a rollup's node; its chain stays"))
    .argument("<rollup>", "name or id")
    .action(named(async () => (await load()).stop, done));
  remote(root.command("start").description("start a rollup's node again"))
    .argument("<rollup>", "name or id")
    .action(named(async () => (await load()).start, done));
  remote(
    root.command("rollback").description("go back to an earlier revision; refused where that would not be the truth"),
  )
    .argument("<rollup>", "name or id")
    .option("--to <revision>", "the revision to go back to; default: the one before", positive)
    .action(named(async () => (await load()).rollback, done));
  remote(root.command("destroy").description("stop a rollup for good and remove its data here"))
    .argument("<rollup>", "name or id")
    .requiredOption("--confirm <name>", "the rollup's name, once more")
    .action(named(async () => (await load()).destroy, done));
  remote(root.command("take-snapshot").description("write a snapshot of a rollup's chain beside its data"))
    .argument("<rollup>", "name or id")
    .addOption(new Option("--block <block>", "which block").choices(["safe", "finalized"]).default("finalized"))
    .action(named(async () => (await load()).takeSnapshot, done));
  remote(
    root
      .command("leave")
      .description("fence our sequencer for good and take everything that running the rollup elsewhere needs"),
  )
    .argument("<rollup>", "name or id")
    .requiredOption("--out <file>", "where the archive (tar.gz) goes")
    .option(
      "--password-env <name>",
      "environment variable with the password for its keys",
      "ALTLAYER_KEYSTORE_PASSWORD",
    )
    .action(named(async () => (await load()).leave, done));
  remote(root.command("verify").description("prove a contract's source by compiling it on the platform"))
    .argument("<rollup>", "name or id")
    .argument("<address>", "the contract")
    .option("--source <file>", "a Solidity file without imports")
    .option("--standard-json <file>", "or the compiler's standard JSON input")
    .option("--compiler <version>", "one that is installed with the platform; default: the newest of them")
    .option("--contract <name>", "Token or src/Token.sol:Token; default: whichever makes the code")
    .option("--optimizer-runs <number>", "with --source: optimized for so many runs; default: not optimized", whole)
    .option("--evm-version <name>", "with --source; default: the compiler's own")
    .option("--via-ir", "with --source: compiled by way of Yul")
    .action((rollup: string, address: string, options: Omit<VerifyOptions, "rollup" | "address"> & JsonOption) => {
      const run = action(async () => (await import("./commands/verify.ts")).verify, done);
      return run({ ...options, rollup, address });
    });
}
