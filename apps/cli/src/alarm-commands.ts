import type { Command } from "commander";
import { Option } from "commander";
import { action, positive } from "./command-line.ts";
import { remote } from "./remote-command.ts";

/** `altlayer attach`, `altlayer attach-mach`: a chain that others run. */
export function addAttachCommand(root: Command, done: (exitCode: number) => void): void {
  const command = remote(root.command("attach").description("watch and explore an OP-Stack chain that others run"))
    .argument("<system-config>", "address of its SystemConfig on the settlement network")
    .requiredOption("--name <name>", "how people call it")
    .requiredOption("--network <id>", "the settlement network")
    .requiredOption("--rpc <url>", "JSON-RPC of one of its nodes");
  const run = action(async () => (await import("./commands/attach.ts")).attach, done);
  command.action((systemConfig: string, options: Parameters<typeof run>[0]) => run({ ...options, systemConfig }));

  const mach = remote(
    root
      .command("attach-mach")
      .description("make a MACH service for an attached chain of a development network, and run its operators"),
  )
    .argument("<rollup>", "name or id of the attached chain")
    .requiredOption("--genesis <file>", "the chain's genesis.json")
    .requiredOption(
      "--peer <multiaddress...>",
      "nodes that gossip its unsafe blocks, such as /ip4/203.0.113.7/tcp/9222/p2p/16Uiu2…",
    )
    .option("--operators <number>", "how many operators, of equal stake", positive, 4);
  const give = action(async () => (await import("./commands/attach.ts")).attachMach, done);
  mach.action((rollup: string, options: Omit<Parameters<typeof give>[0], "rollup">) => give({ ...options, rollup }));
}

/** `altlayer alarms`: what went wrong with a team's rollups, and who is told. */
export function addAlarmCommands(root: Command, done: (exitCode: number) => void): void {
  const load = async () => await import("./commands/alarms.ts");
  const group = root.command("alarms").description("what went wrong with the team's rollups, and who is told");
  remote(group.command("list").description("alarms of the last 90 days; exit code 1 when a critical one stands"))
    .option("--open", "only those that stand")
    .action(action(async () => (await load()).listAlarms, done));
  remote(group.command("destinations").description("where alarms are told")).action(
    action(async () => (await load()).listDestinations, done),
  );
  remote(group.command("add").description("tell alarms to a webhook or an e-mail address"))
    .requiredOption("--name <name>", "how people call it")
    .addOption(new Option("--webhook <url>", "gets signed JSON by POST (Standard Webhooks)").conflicts("email"))
    .addOption(new Option("--email <address>", "where the platform has a mail server"))
    .option("--critical-only", "leave warnings out")
    .action(action(async () => (await load()).addDestination, done));
  for (const [name, description] of [
    ["test", "send a test message now, and tell what came of it"],
    ["remove", "tell this destination nothing more"],
  ] as const) {
    const command = remote(group.command(name).description(description)).argument("<destination>", "its id");
    const run = action(async () => {
      const { testDestination, removeDestination } = await load();
      return name === "test" ? testDestination : removeDestination;
    }, done);
    command.action((destination: string, options: Parameters<typeof run>[0]) => run({ ...options, destination }));
  }
}
