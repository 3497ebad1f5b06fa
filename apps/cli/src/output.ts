/** Where a command writes: standard output for its answer, standard error for all else. */
export interface Output {
  readonly json: boolean;
  /** True when standard error is a terminal that can redraw a line. */
  readonly live: boolean;
  /** The command's answer as one JSON object on one line. */
  answer(value: unknown): void;
  /** A line of the answer for people; nothing under `--json`. */
  line(text?: string): void;
  /** Progress and hints; nothing under `--json`. */
  note(text: string): void;
  /** Raw text to standard error, for redrawing. */
  draw(text: string): void;
}

export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

export function createOutput(options: { readonly json: boolean }, streams: Streams = process): Output {
  const { json } = options;
  const live = streams.stderr.isTTY === true && process.env.TERM !== "dumb" && !json;
  return {
    json,
    live,
    answer: (value) => void streams.stdout.write(`${toJson(value)}\n`),
    line: (text = "") => void (json || streams.stdout.write(`${text}\n`)),
    note: (text) => void (json || streams.stderr.write(`${text}\n`)),
    draw: (text) => void (live && streams.stderr.write(text)),
  };
}

/** Amounts in wei do not fit JSON's numbers; they go as decimal strings. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), indent);
}
