import { parseRollupConfig, type RollupConfig } from "@altlayer/protocol";
import { RestakingError, type Rollup } from "@altlayer/restaking";
import { isAddress } from "viem";
import { CliError } from "../../errors.ts";
import { rpc } from "../../rpc.ts";
import { readTextFile } from "../config-file.ts";
import { addressOf } from "./context.ts";

export interface RollupSource {
  readonly rollup: Rollup;
  readonly config: RollupConfig;
}

/**
 * The rollup that a suite is for: from the RPC of one of its nodes, or from rollup.json. An address alone does not say
 * which forks its blocks follow, so it needs one of the two besides.
 * @throws RestakingError `ROLLUP_UNSUPPORTED` where the engine does not execute it: nobody could sign for its blocks.
 */
export async function rollupOf(text: string, configFrom: string | undefined): Promise<RollupSource> {
  if (isAddress(text, { strict: false })) {
    if (configFrom === undefined) {
      throw new CliError(
        "USAGE",
        "a SystemConfig alone names no forks: add --rollup-config <rollup.json or RPC of a node>",
      );
    }
    const source = await sourceOf(configFrom);
    const given = addressOf(text, "--rollup");
    if (source.rollup.systemConfig !== given) {
      throw new CliError(
        "CONFIG_INVALID",
        `${configFrom} is of SystemConfig ${source.rollup.systemConfig}, not ${given}`,
      );
    }
    return source;
  }
  return sourceOf(text);
}

async function sourceOf(text: string): Promise<RollupSource> {
  const json = /^https?:\/\//.test(text)
    ? await rpc<Record<string, unknown>>(text, "optimism_rollupConfig")
    : await readTextFile(text);
  let config: RollupConfig;
  try {
    config = parseRollupConfig(json);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RestakingError("ROLLUP_UNSUPPORTED", `operators could not execute this rollup: ${message}`, {
      source: text,
    });
  }
  return {
    rollup: {
      systemConfig: addressOf(config.l1SystemConfigAddress, "SystemConfig"),
      l2ChainId: BigInt(config.l2ChainId),
      l2GenesisHash: config.genesis.l2.hash,
    },
    config,
  };
}
