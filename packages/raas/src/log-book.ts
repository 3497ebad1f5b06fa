import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { LogLevel } from "@altlayer/rollup";
import { z } from "zod";

export interface LogLine {
  readonly seq: number;
  readonly at: string;
  readonly level: LogLevel;
  readonly room: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Book {
  readonly lines: LogLine[];
  readonly listeners: Set<(line: LogLine) => void>;
  next: number;
  unwritten: string[];
  writing: boolean;
  /** The file's folder was there when it was last looked for. */
  placed: boolean;
}

/** Kept in memory for readers; older ones are in the file. */
const LINES_MAX = 2_000;
/** Lines that wait for the disk; beyond it the oldest are left out of the file, not of memory. */
const UNWRITTEN_MAX = 10_000;
const FILE_MAX_BYTES = 8 * 1024 * 1024;
/** What a field of these names holds is never shown, in case a room is careless. */
const SECRET = /key|password|secret|token|mnemonic/i;

const record = z.looseObject({
  time: z.string(),
  level: z.enum(["debug", "info", "warn", "error"]) satisfies z.ZodType<LogLevel>,
  room: z.string(),
  message: z.string(),
});

function recordOf(text: string): z.output<typeof record> {
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return { time: new Date().toISOString(), level: "warn", room: "log", message: text };
  }
}

/** The rollups' logs: the newest lines in memory, all of them in a file that is turned over at 8 MiB. */
export class LogBook {
  readonly #fileOf: (rollupId: string) => string;
  readonly #books = new Map<string, Book>();

  constructor(options: { readonly fileOf: (rollupId: string) => string }) {
    this.#fileOf = options.fileOf;
  }

  /** Takes lines of a rollup's log, JSON objects; what is none is kept as the message of a warning. */
  writerOf(rollupId: string): (line: string) => void {
    return (line) => this.#add(rollupId, line);
  }

  /** The newest lines, the oldest of them first. */
  newest(rollupId: string, limit: number): readonly LogLine[] {
    return this.#book(rollupId).lines.slice(-limit);
  }

  follow(rollupId: string, listener: (line: LogLine) => void): () => void {
    const { listeners } = this.#book(rollupId);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  forget(rollupId: string): void {
    this.#books.delete(rollupId);
  }

  #book(rollupId: string): Book {
    let book = this.#books.get(rollupId);
    if (book === undefined) {
      book = { lines: [], listeners: new Set(), next: 1, unwritten: [], writing: false, placed: false };
      this.#books.set(rollupId, book);
    }
    return book;
  }

  #add(rollupId: string, text: string): void {
    const book = this.#book(rollupId);
    const { time, level, room, message, ...rest } = recordOf(text);
    const fields = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name, SECRET.test(name) ? "(hidden)" : value]),
    );
    const line: LogLine = {
      seq: book.next++,
      at: time,
      level,
      room,
      message,
      fields,
    };
    book.lines.push(line);
    if (book.lines.length > LINES_MAX) book.lines.shift();
    for (const listener of book.listeners) listener(line);
    book.unwritten.push(`${JSON.stringify(line)}\n`);
    if (book.unwritten.length > UNWRITTEN_MAX) book.unwritten.shift();
    if (!book.writing) void this.#write(rollupId, book);
  }

  async #write(rollupId: string, book: Book): Promise<void> {
    book.writing = true;
    const file = this.#fileOf(rollupId);
    try {
      if (!book.placed) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      book.placed = true;
      while (book.unwritten.length > 0) {
        await appendFile(file, book.unwritten.splice(0).join(""), { mode: 0o600 });
        if ((await stat(file)).size > FILE_MAX_BYTES) await rename(file, `${file}.1`);
      }
    } catch {
      // A full disk must not take the platform down; the lines in memory stay readable.
      book.unwritten = [];
      book.placed = false;
    } finally {
      book.writing = false;
    }
  }
}
