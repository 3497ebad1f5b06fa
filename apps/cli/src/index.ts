export { main } from "./cli.ts";
export { CLI_ERRORS, CliError, type CliErrorCode, EXIT } from "./errors.ts";
