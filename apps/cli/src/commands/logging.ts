import type { CliLogger, LogFormat, LogLevel, LogSink } from "../log.ts";
import { createCliLogger, stderrSink } from "../log.ts";

export interface LoggingOptions {
  readonly logLevel?: LogLevel;
  readonly logFormat: LogFormat;
}

/** The command's logger: standard error at the asked level, and further sinks. */
export function loggerOf(options: LoggingOptions, byDefault: LogLevel, ...further: LogSink[]): CliLogger {
  const level = options.logLevel ?? byDefault;
  return createCliLogger({ sinks: [stderrSink({ level, format: options.logFormat }), ...further] });
}
