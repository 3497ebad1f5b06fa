export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
export type LogLevel = Exclude<(typeof LOG_LEVELS)[number], "silent">;
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

/** A constant message with flat fields; one child per room. Fields never hold a key or a password. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(room: string): Logger;
}

/** Where lines go, and which. */
export interface LogSink {
  readonly level: LogLevel | "silent";
  readonly format: LogFormat;
  write(line: string): void;
}

export interface LogRecord {
  readonly level: LogLevel;
  readonly room: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** JSON for machines, one object a line; text for people. */
const FORMAT: Record<LogFormat, (record: LogRecord) => string> = {
  json: ({ level, room, message, fields }) =>
    JSON.stringify({ time: new Date().toISOString(), level, room, message, ...fields }, (_, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  text: ({ level, room, message, fields }) => {
    const flat = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    return [new Date().toISOString(), level.padEnd(5), room, message, ...flat].filter((part) => part !== "").join(" ");
  },
};

/** A logger that writes each record to every sink whose level admits it. */
export function loggerTo(sinks: readonly LogSink[], room = ""): Logger {
  const emit = (level: LogLevel, message: string, fields: LogFields = {}) => {
    for (const sink of sinks) {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(sink.level)) continue;
      sink.write(FORMAT[sink.format]({ level, room, message, fields }));
    }
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    child: (name) => loggerTo(sinks, room === "" ? name : `${room}.${name}`),
  };
}

/** Writes to one sink, standard error by default, as JSON by default. */
export function createLogger(options: {
  readonly level: LogLevel | "silent";
  readonly format?: LogFormat;
  readonly room?: string;
  readonly write?: (line: string) => void;
}): Logger {
  const { level, format = "json", room, write = (line: string) => void process.stderr.write(`${line}\n`) } = options;
  return loggerTo([{ level, format, write }], room);
}

export const silentLogger: Logger = createLogger({ level: "silent" });
