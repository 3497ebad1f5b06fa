import { isIP } from "node:net";
import type { Command } from "commander";
import { CommanderError, Option } from "commander";
import { EXIT } from "./errors.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log.ts";
import type { Output } from "./output.ts";
import { createOutput } from "./output.ts";

export type Run<Options> = (options: Options, output: Output) => Promise<number>;

/** Runs a command that is loaded only now: `--help` needs none of them. */
export function action<Options>(load: () => Promise<Run<Options>>, done: (exitCode: number) => void) {
  return async (options: Options & { readonly json?: boolean }) => {
    const output = createOutput({ json: options.json === true });
    const run = await load();
    done(await run(options, output));
  };
}

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new CommanderError(EXIT.usage, "commander.invalidArgument", `${text} is not a whole number above zero`);
  }
  return value;
}

export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new CommanderError(EXIT.usage, "commander.invalidArgument", `${text} is not a whole number`);
  }
  return value;
}

/** A port number as an option's value. */
export function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new CommanderError(EXIT.usage, "commander.invalidArgument", `${text} is not a port (0 to 65535)`);
  }
  return value;
}

/** Gathers addresses and ranges of addresses, the values of an option that may be repeated. */
export function cidr(text: string, before: readonly string[] = []): readonly string[] {
  const [address = "", bits] = text.split("/");
  const family = isIP(address);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most))) {
    throw new CommanderError(EXIT.usage, "commander.invalidArgument", `${text} is no IP address or range (10.0.0.0/8)`);
  }
  return [...before, text];
}

export function withLogging(command: Command): Command {
  return command
    .addOption(new Option("--log-level <level>", "what is logged to standard error").choices(LOG_LEVELS))
    .addOption(new Option("--log-format <format>", "how it is logged").choices(LOG_FORMATS).default("text"));
}
