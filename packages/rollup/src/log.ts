export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

/** A constant message with flat fields; one child per room. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(room: string): Logger;
}

const ORDER: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Writes one JSON object a line to a sink (standard error by default). */
export function createLogger(options: {
  readonly level: LogLevel | "silent";
  readonly room?: string;
  readonly write?: (line: string) => void;
}): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const emit = (level: LogLevel, message: string, fields?: LogFields) => {
    if (options.level === "silent" || ORDER[level] < ORDER[options.level]) return;
    const record = { time: new Date().toISOString(), level, room: options.room, message, ...fields };
    write(JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)));
  };
  return {
    debug: (message, fields) => emit("debug", message, fields),
    info: (message, fields) => emit("info", message, fields),
    warn: (message, fields) => emit("warn", message, fields),
    error: (message, fields) => emit("error", message, fields),
    child: (room) => createLogger({ ...options, room: options.room ? `${options.room}.${room}` : room }),
  };
}

export const silentLogger: Logger = createLogger({ level: "silent" });
