import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { LogSink } from "@altlayer/rollup";

/** As the rollup's logger knows them; named here too, since `--help` loads no rollup. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const satisfies readonly LogSink["level"][];
export const LOG_FORMATS = ["text", "json"] as const satisfies readonly LogSink["format"][];

/** Appends JSON lines to a log file, readable by its owner only. */
export function fileSink(
  options: { readonly file: string } & Pick<LogSink, "level">,
): LogSink & { close(): Promise<void> } {
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

export function stderrSink(options: Pick<LogSink, "level" | "format">): LogSink {
  return { ...options, write: (line) => void process.stderr.write(`${line}\n`) };
}
