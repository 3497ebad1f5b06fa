import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { seal, unseal, writeDurably } from "../durable-file.ts";
import { RollupError } from "../errors.ts";
import { count, data, hash } from "./schemas.ts";

const stringBigint = z.string().regex(/^\d+$/).transform(BigInt);
const entrySchema = z.object({
  nonce: z.number().int().nonnegative(),
  label: z.string(),
  blobs: z.boolean(),
  attempts: z.array(
    z.object({
      hash,
      raw: data,
      maxFeePerGas: stringBigint,
      maxPriorityFeePerGas: stringBigint,
      maxFeePerBlobGas: stringBigint.optional(),
    }),
  ),
});
/** A nonce that was given away: what was or may have been sent with it, newest last. */
export type StoredTransaction = z.output<typeof entrySchema>;
export type Attempt = StoredTransaction["attempts"][number];

/** One file a nonce. A transaction is stored, durably, before it is sent: a crash never reuses a nonce unknowingly. */
export class TransactionStore {
  readonly #directory: string;

  constructor(options: { readonly directory: string }) {
    this.#directory = options.directory;
  }

  async load(): Promise<StoredTransaction[]> {
    await mkdir(this.#directory, { recursive: true });
    const entries: StoredTransaction[] = [];
    for (const name of await readdir(this.#directory)) {
      if (!name.endsWith(".json")) continue;
      const path = join(this.#directory, name);
      try {
        const entry = entrySchema.parse(JSON.parse(unseal(await readFile(path, "utf8")) ?? ""));
        if (name !== `${entry.nonce}.json`) throw new TypeError(`the file is about nonce ${entry.nonce}`);
        entries.push(entry);
      } catch (cause) {
        const message = `${path} is damaged: once the account's nonce on L1 is above the number in its name, remove it and restart`;
        throw new RollupError("TX_STORE_CORRUPT", message, { severity: "critical", data: { path }, cause });
      }
    }
    return entries.sort((a, b) => a.nonce - b.nonce);
  }

  async save(entry: StoredTransaction): Promise<void> {
    const text = JSON.stringify(entry, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    await writeDurably(this.#path(entry.nonce), seal(text));
  }

  async remove(nonce: number): Promise<void> {
    await rm(this.#path(nonce), { force: true });
  }

  #path(nonce: number): string {
    return join(this.#directory, `${nonce}.json`);
  }
}

/** What is read of a receipt here. */
export const minedSchema = z
  .object({ blockNumber: count, blockHash: hash, status: count, gasUsed: count, transactionHash: hash })
  .nullable();
