import { type Logger, type LogSink, loggerTo } from "@altlayer/rollup/log";
import { stderrSink } from "../log.ts";

export interface LoggingOptions {
  readonly logLevel?: LogSink["level"];
  readonly logFormat: LogSink["format"];
}

/** The command's logger: standard error at the asked level, and further sinks. */
export function loggerOf(options: LoggingOptions, byDefault: LogSink["level"], ...further: LogSink[]): Logger {
  const level = options.logLevel ?? byDefault;
  return loggerTo([stderrSink({ level, format: options.logFormat }), ...further]);
}
