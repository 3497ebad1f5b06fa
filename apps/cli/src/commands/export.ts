import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ADDRESSES_FILE, CHAIN_FILE, GENESIS_FILE, ROLLUP_FILE, readChain, writeChain } from "../chain/record.ts";
import { CliError, EXIT } from "../errors.ts";
import type { Output } from "../output.ts";

export interface ExportOptions {
  readonly from: string;
  readonly out: string;
  readonly force?: boolean;
}

/** `altlayer export`: the chain's files for other nodes. */
export async function exportChain({ from, out, force }: ExportOptions, output: Output): Promise<number> {
  const files = await readChain(from);
  if (files === undefined) {
    throw new CliError(
      "CONFIG_NOT_FOUND",
      `there is no chain in ${resolve(from)}: start one with \`altlayer dev\`, or name its directory with --from`,
      {
        data: { directory: resolve(from) },
      },
    );
  }
  const there = [GENESIS_FILE, ROLLUP_FILE, ADDRESSES_FILE, CHAIN_FILE].find((name) => existsSync(join(out, name)));
  if (there !== undefined && force !== true) {
    throw new CliError(
      "OUTPUT_EXISTS",
      `${join(out, there)} is there already: name another --out, or replace with --force`,
      { data: { file: join(out, there) } },
    );
  }
  const written = await writeChain(out, files);
  if (output.json) {
    output.answer({
      l1ChainId: files.record.l1ChainId,
      l2ChainId: files.record.l2ChainId,
      l2GenesisHash: files.record.l2GenesisHash,
      files: written,
    });
  } else {
    output.line(
      `chain ${files.record.l2ChainId} on L1 ${files.record.l1ChainId}, genesis ${files.record.l2GenesisHash}`,
    );
    for (const file of written) output.line(`  ${file}`);
  }
  return EXIT.ok;
}
