import type { ChainFiles } from "../chain/record.ts";
import { readChain } from "../chain/record.ts";
import { CliError } from "../errors.ts";
import { rpc } from "../rpc.ts";
import type { DevChainDependencies, DevChainOptions } from "./new-chain.ts";

/** The chain in the data directory, checked against this L1, or a new one. */
export async function ensureChain(
  options: DevChainOptions,
  dependencies: DevChainDependencies,
): Promise<{ readonly files: ChainFiles; readonly resumed: boolean }> {
  const known = await readChain(options.directory);
  if (known !== undefined) {
    await requireSameL1(options.l1Url, known);
    return { files: known, resumed: true };
  }
  // The deployer is loaded for a new chain only: a resumed one starts without it.
  const { newChain } = await import("./new-chain.ts");
  return { files: await newChain(options, dependencies), resumed: false };
}

/** The L1 must hold the block that the rollup starts after. @throws CliError `L1_OTHER_CHAIN`, `L1_OLDER_THAN_ROLLUP`. */
async function requireSameL1(url: string, { record }: ChainFiles): Promise<void> {
  const { anchor } = record;
  const block = await rpc<{ hash: string } | null>(url, "eth_getBlockByNumber", [
    `0x${anchor.number.toString(16)}`,
    false,
  ]);
  if (block?.hash === anchor.hash) return;
  if (block === null) {
    throw new CliError(
      "L1_OLDER_THAN_ROLLUP",
      `the L1's saved state ends before block ${anchor.number}, after which the rollup starts: its state was lost, begin anew with --fresh`,
      {
        data: { anchor: anchor.number },
      },
    );
  }
  throw new CliError(
    "L1_OTHER_CHAIN",
    `the L1 has another block ${anchor.number} (${block.hash}) than the one the rollup was deployed on (${anchor.hash}): begin anew with --fresh`,
    {
      data: { anchor: anchor.number, expected: anchor.hash, found: block.hash },
    },
  );
}
