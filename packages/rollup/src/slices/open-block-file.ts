import { type FileHandle, open } from "node:fs/promises";
import type { Hex } from "@altlayer/engine";
import { z } from "zod";
import { seal, unseal } from "../durable-file.ts";
import { describeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import {
  attributesSchema,
  type OpenBlock,
  presentAttributes,
  transactionsSchema,
  wireAttributes,
} from "./open-block.ts";

const headSchema = z.strictObject({
  parentHash: z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>,
  attributes: attributesSchema,
});

interface KeptBlock extends OpenBlock {
  readonly parentHash: Hex;
  readonly transactions: Hex[];
}

/**
 * The block in the making that this node follows, on disk up to its last certification point: what operators signed of it
 * can be had from them after a restart, too. One block, until the next one has a certification point. What is written is
 * there after a kill; a power cut may take the last moments of it.
 */
export class OpenBlockFile {
  readonly #file: FileHandle;
  readonly #log: Logger;
  #kept: KeptBlock | null = null;
  /** Transactions of the kept block that are in the file; -1: nothing of it is. */
  #written = -1;
  #writing: Promise<void> | null = null;

  private constructor(file: FileHandle, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  static async open(path: string, dependencies: { readonly log: Logger }): Promise<OpenBlockFile> {
    const file = await open(path, "a+", 0o600);
    const opened = new OpenBlockFile(file, dependencies.log);
    opened.#kept = read(await file.readFile("utf8"));
    return opened;
  }

  /** The block on that parent, if it is the one that is kept. */
  on(parentHash: Hex): OpenBlock | null {
    return this.#kept?.parentHash === parentHash ? this.#kept : null;
  }

  /** The block as it is at a certification point. One on another parent, or of other transactions, takes its place. */
  keep(parentHash: Hex, { attributes, transactions }: OpenBlock): void {
    const kept = this.#kept;
    const goesOn =
      this.#written >= 0 &&
      kept?.parentHash === parentHash &&
      kept.attributes === attributes &&
      kept.transactions.length <= transactions.length;
    if (goesOn) kept.transactions.push(...transactions.slice(kept.transactions.length));
    else {
      this.#kept = { parentHash, attributes, transactions: [...transactions] };
      this.#written = -1;
    }
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    try {
      for (let kept = this.#kept; kept && this.#written < kept.transactions.length; kept = this.#kept) {
        const { parentHash, attributes, transactions } = kept;
        const isNew = this.#written < 0;
        const from = Math.max(0, this.#written);
        const to = transactions.length;
        const head = isNew ? line({ parentHash, attributes: wireAttributes(attributes) }) : "";
        if (isNew) await this.#file.truncate(0);
        await this.#file.appendFile(`${head}${line(transactions.slice(from, to))}`);
        if (this.#kept === kept) this.#written = to;
      }
    } catch (error) {
      this.#log.warn("the block in the making is not kept", { error: describeError(error) });
    }
  }
}

function line(value: unknown): string {
  return `${seal(JSON.stringify(value))}\n`;
}

/** Up to the first line that does not check. */
function read(text: string): KeptBlock | null {
  const values: unknown[] = [];
  for (const each of text.split("\n")) {
    const content = unseal(each);
    if (content === null) break;
    values.push(JSON.parse(content));
  }
  const head = headSchema.safeParse(values.shift());
  const lists = z.array(transactionsSchema).safeParse(values);
  if (!head.success || !lists.success) return null;
  const { parentHash, attributes } = head.data;
  return { parentHash, attributes: presentAttributes(attributes), transactions: lists.data.flat() };
}
