import { z } from "zod";
import { readIfThere, seal, unseal, writeDurably } from "../durable-file.ts";
import { hash } from "../l1/schemas.ts";
import type { Logger } from "../log.ts";

const count = z.number().int().nonnegative();
const block = z.object({ height: count, hash });
const schema = z.object({
  version: z.literal(2),
  startBlock: count,
  /** The base of epoch 0: the history begins above it. */
  first: block,
  /** The block up to which the history is counted. */
  last: block,
  peaks: z.array(hash).max(64),
  /** Of so many of the first blocks nothing but peaks is known: of none, unless the node began from a snapshot. */
  unknown: count,
});

/** The history of a service's blocks as far as finalised L1 data settle it: its range's peaks, and where it ends. */
export type HistoryRecord = Omit<z.output<typeof schema>, "version">;

/** Where the record of a service's history lies. It is rewritten whenever a base moves it on, and holds one line. */
export class HistoryFile {
  readonly #path: string;
  readonly #log: Logger;

  constructor(options: { readonly path: string }, dependencies: { readonly log: Logger }) {
    this.#path = options.path;
    this.#log = dependencies.log;
  }

  /** `null` if there is none, or none that can be read: the history is then made again from the chain. */
  async read(): Promise<HistoryRecord | null> {
    const bytes = await readIfThere(this.#path);
    if (bytes === null) return null;
    const line = unseal(bytes.toString("utf8").trimEnd());
    try {
      const { version: _version, ...record } = schema.parse(JSON.parse(line ?? ""));
      return record;
    } catch {
      this.#log.warn("the history's file is damaged; it is made again", { path: this.#path });
      return null;
    }
  }

  async write(record: HistoryRecord): Promise<void> {
    await writeDurably(this.#path, `${seal(JSON.stringify({ version: 2, ...record }))}\n`);
  }
}
