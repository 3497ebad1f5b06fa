import type { Command } from "commander";
import { program } from "./cli.ts";

/** A command as its help shows it, for the documentation. */
export interface CommandDescription {
  /** With the commands above it: `altlayer stake deposit`. */
  readonly name: string;
  /** Arguments and options: `[options] <rollup>`. */
  readonly usage: string;
  readonly description: string;
  readonly options: readonly {
    readonly flags: string;
    readonly description: string;
    /** The default, where there is one that says something. */
    readonly fallback?: string;
  }[];
}

/** Every command that does something, in the order of the help. */
export function describeCommands(): readonly CommandDescription[] {
  return describe(
    program(() => {}),
    "",
  );
}

function describe(command: Command, above: string): readonly CommandDescription[] {
  const name = `${above} ${command.name()}`.trim();
  if (command.commands.length > 0) return command.commands.flatMap((child) => describe(child, name));
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, defaultValue, defaultValueDescription }) => {
      const value = defaultValueDescription ?? (typeof defaultValue === "boolean" ? undefined : defaultValue);
      return { flags, description, ...(value === undefined ? {} : { fallback: String(value) }) };
    });
  return [{ name, usage: command.usage(), description: command.description(), options }];
}
