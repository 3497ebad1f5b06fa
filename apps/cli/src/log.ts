import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export const LOG_FORMATS = ["text", "json"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

type Severity = Exclude<LogLevel, "silent">;

/** A constant message with flat fields (S15); one child per room. The shape is that of the rollup's logger. */
export interface CliLogger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(room: string): CliLogger;
}

export interface LogSink {
  readonly level: LogLevel;
  readonly format: LogFormat;
  write(line: string): void;
}

interface Record_ {
  readonly level: Severity;
  readonly room: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that writes each record to every sink whose level admits it. */
export function createCliLogger(options: { readonly sinks: readonly LogSink[]; readonly room?: string }): CliLogger {
  const room = options.room ?? "";
  const emit = (level: Severity, message: string, fields: LogFields = {}) => {
    for (const sink of options.sinks) {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(sink.level)) continue;
      sink.write(FORMAT[sink.format]({ level, room, message, fields }));
    }
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    child: (name) => createCliLogger({ sinks: options.sinks, room: room === "" ? name : `${room}.${name}` }),
  };
}

const FORMAT: Record<LogFormat, (record: Record_) => string> = {
  json: ({ level, room, message, fields }) =>
    JSON.stringify({ time: new Date().toISOString(), level, room, message, ...fields }, (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  text: ({ level, room, message, fields }) => {
    const flat = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    return [new Date().toISOString(), level.padEnd(5), room, message, ...flat].filter((part) => part !== "").join(" ");
  },
};

/** Appends to a log file, readable by its owner only. */
export function fileSink(options: {
  readonly file: string;
  readonly level: LogLevel;
}): LogSink & { close(): Promise<void> } {
  mkdirSync(dirname(options.file), { recursive: true });
  const stream = createWriteStream(options.file, { flags: "a", mode: 0o600 });
  // A full disk must not take the node down with an unhandled stream error.
  stream.on("error", () => {});
  return {
    level: options.level,
    format: "json",
    write: (line) => void stream.write(`${line}\n`),
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}

export function stderrSink(options: { readonly level: LogLevel; readonly format: LogFormat }): LogSink {
  return { ...options, write: (line) => void process.stderr.write(`${line}\n`) };
}
