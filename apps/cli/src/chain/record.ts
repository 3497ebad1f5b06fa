import { access, mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { writeDurably } from "../dev/durable.ts";
import { CliError } from "../errors.ts";
import { toJson } from "../output.ts";

const hex = z
  .string()
  .regex(/^0x[0-9a-f]*$/)
  .transform((text) => text as `0x${string}`);

/** What a deployment made, so far as later starts and exports need it. */
const recordSchema = z.object({
  version: z.literal(1),
  l1ChainId: z.number().int().positive(),
  l2ChainId: z.number().int().positive(),
  /** The block after which the rollup starts; timestamps in seconds. */
  anchor: z.object({ hash: hex, number: z.number().int(), timestamp: z.number().int() }),
  addresses: z.record(z.string(), hex),
  l2GenesisHash: hex,
  /** Seconds between two L2 blocks. */
  blockTime: z.number().int().positive(),
});
export type ChainRecord = z.output<typeof recordSchema>;

/** A chain's record with the two files that nodes read, as text: go-ethereum's genesis.json and op-node's rollup.json. */
export interface ChainFiles {
  readonly record: ChainRecord;
  readonly genesisJson: string;
  readonly rollupJson: string;
}

export const CHAIN_FILE = "chain.json";
export const GENESIS_FILE = "genesis.json";
export const ROLLUP_FILE = "rollup.json";
export const ADDRESSES_FILE = "addresses.json";

/** Writes the files; the record last, since its presence says that the others are whole. */
export async function writeChain(directory: string, files: ChainFiles): Promise<readonly string[]> {
  await mkdir(directory, { recursive: true });
  const contents: readonly (readonly [string, string])[] = [
    [GENESIS_FILE, files.genesisJson],
    [ROLLUP_FILE, files.rollupJson],
    [ADDRESSES_FILE, `${toJson(files.record.addresses, 2)}\n`],
    [CHAIN_FILE, `${toJson(files.record, 2)}\n`],
  ];
  for (const [name, content] of contents) await writeDurably(join(directory, name), content);
  return contents.map(([name]) => resolve(directory, name));
}

/**
 * Reads what `writeChain` wrote; undefined where there is no chain yet.
 * @throws CliError `DATA_DIR_CORRUPT`.
 */
export async function readChain(directory: string): Promise<ChainFiles | undefined> {
  try {
    await access(join(directory, CHAIN_FILE));
  } catch {
    return undefined;
  }
  try {
    const read = (name: string) => readFile(join(directory, name), "utf8");
    const record = recordSchema.parse(JSON.parse(await read(CHAIN_FILE)));
    return { record, genesisJson: await read(GENESIS_FILE), rollupJson: await read(ROLLUP_FILE) };
  } catch (cause) {
    throw new CliError(
      "DATA_DIR_CORRUPT",
      `the chain's files in ${directory} cannot be read: begin anew with --fresh`,
      {
        data: { directory },
        cause,
      },
    );
  }
}
