import type { Command } from "commander";
import { Argument, Option } from "commander";
import { action } from "./command-line.ts";
import { remote } from "./remote-command.ts";

const DRILLS = ["restore", "withdrawal", "forced-inclusion", "upgrade"];
const UPGRADES = ["granite", "holocene"];
const ROTATING = ["batcher", "proposer", "challenger", "sequencer"];

interface JsonOption {
  readonly json?: boolean;
}

/** Commands that rehearse, restore, and replace keys. */
export function addLifecycleCommands(root: Command, done: (exitCode: number) => void): void {
  const recovery = async () => await import("./commands/recovery.ts");
  const keys = async () => await import("./commands/keys.ts");

  remote(root.command("drill").description("rehearse on an isolated copy of the rollup what users rely on"))
    .argument("<rollup>", "name or id")
    .addArgument(new Argument("<kind>", "what to rehearse").choices(DRILLS))
    .action((rollup: string, kind: string, options: JsonOption & Parameters<typeof drill>[0]) =>
      drill({ ...options, rollup, kind }),
    );
  const drill = action(async () => (await recovery()).drill, done);

  remote(
    root
      .command("restore")
      .description("put a rollup's lost or damaged data aside and start it from its newest snapshot and the L1"),
  )
    .argument("<rollup>", "name or id")
    .requiredOption("--confirm <name>", "the rollup's name, once more: blocks that are not on the L1 yet may be lost")
    .action((rollup: string, options: JsonOption & Parameters<typeof restore>[0]) => restore({ ...options, rollup }));
  const restore = action(async () => (await recovery()).restore, done);

  remote(root.command("snapshots").description("list the snapshots of a rollup's chain that the platform keeps"))
    .argument("<rollup>", "name or id")
    .action((rollup: string, options: JsonOption & Parameters<typeof snapshots>[0]) =>
      snapshots({ ...options, rollup }),
    );
  const snapshots = action(async () => (await recovery()).snapshots, done);

  remote(root.command("keys").description("show the accounts that act for a rollup, and their successors on the way"))
    .argument("<rollup>", "name or id")
    .action((rollup: string, options: JsonOption & Parameters<typeof list>[0]) => list({ ...options, rollup }));
  const list = action(async () => (await keys()).keys, done);

  remote(root.command("rotate-key").description("make a role's next key, which the owner then names in the contracts"))
    .argument("<rollup>", "name or id")
    .addArgument(new Argument("<role>", "whose key").choices(ROTATING))
    .action((rollup: string, role: string, options: JsonOption & Parameters<typeof rotate>[0]) =>
      rotate({ ...options, rollup, role }),
    );
  const rotate = action(async () => (await keys()).rotateKey, done);

  const upgrades = async () => await import("./commands/upgrade.ts");
  remote(
    root
      .command("upgrade")
      .description("schedule a fork of the OP Stack on a rollup; without --to, tell which fork and which node it runs"),
  )
    .argument("<rollup>", "name or id")
    .addOption(new Option("--to <fork>", "the fork, with those before it").choices(UPGRADES))
    .option("--at <time>", "+10m, +2h, +1d, or 2030-01-31T12:00:00Z; default: +10m")
    .option("--dry-run", "tell what it would do, and do nothing")
    .option("--no-wait", "do not wait until the node runs with it")
    .action((rollup: string, options: JsonOption & Parameters<typeof upgrade>[0]) => upgrade({ ...options, rollup }));
  const upgrade = action(async () => (await upgrades()).upgrade, done);

  remote(
    root
      .command("chain-files")
      .description(
        "write the genesis.json and rollup.json that every node of a rollup needs, scheduled forks included",
      ),
  )
    .argument("<rollup>", "name or id")
    .requiredOption("--out <directory>", "where the two files go")
    .action((rollup: string, options: JsonOption & Parameters<typeof chainFiles>[0]) =>
      chainFiles({ ...options, rollup }),
    );
  const chainFiles = action(async () => (await upgrades()).chainFiles, done);
}
