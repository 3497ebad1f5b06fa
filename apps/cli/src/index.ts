export { main } from "./cli.ts";
export { type CommandDescription, describeCommands } from "./describe.ts";
export { CLI_ERRORS, CliError, type CliErrorCode, EXIT } from "./errors.ts";
