import type { ForkName, ForkTimes } from "@altlayer/protocol";
import { checkForkSchedule, parseRollupConfig, serializeRollupConfig } from "@altlayer/protocol";
import type { Deployment } from "../l1/deploy.ts";
import type { Hex } from "../types.ts";
import { buildL2Genesis, laterForkFields } from "./genesis.ts";
import type { GenesisOptions } from "./options.ts";
import { EIP1559_DEFAULTS, feeVaultsTo, forkTimesAtGenesis } from "./options.ts";
import type { RollupTiming } from "./rollup-config.ts";
import { buildRollupConfig } from "./rollup-config.ts";

export interface ChainFilesOptions extends Pick<GenesisOptions, "balances" | "contracts"> {
  readonly deployment: Deployment;
  /** This fork and all before it are active from genesis on. */
  readonly newestFork: ForkName;
  /** Forks after that which are scheduled: activation times in seconds. */
  readonly laterForks?: ForkTimes;
  readonly timing: RollupTiming;
  /** Who gets the fees of L2. */
  readonly feeRecipient: Hex;
}

export interface BuiltChainFiles {
  /** In go-ethereum's format. */
  readonly genesisJson: string;
  /** In op-node's format. */
  readonly rollupJson: string;
  readonly l2GenesisHash: Hex;
}

/** The two files that every node of a chain needs, from its deployment. The same options give the same bytes. */
export function buildChainFiles(options: ChainFilesOptions): BuiltChainFiles {
  const { deployment, timing, balances, contracts } = options;
  const { parameters } = deployment;
  const genesisOptions: GenesisOptions = {
    l1ChainId: deployment.l1ChainId,
    l2ChainId: parameters.l2ChainId,
    anchor: deployment.anchor,
    addresses: deployment.addresses,
    owner: parameters.owner,
    gasLimit: parameters.gasLimit,
    forkTimes: { ...forkTimesAtGenesis(options.newestFork), ...options.laterForks },
    eip1559Defaults: EIP1559_DEFAULTS,
    feeVaults: feeVaultsTo(options.feeRecipient),
    ...(balances === undefined ? {} : { balances }),
    ...(contracts === undefined ? {} : { contracts }),
    ...(parameters.eip1559 === undefined ? {} : { eip1559: parameters.eip1559 }),
  };
  const genesis = buildL2Genesis(genesisOptions);
  const rollup = buildRollupConfig({ ...genesisOptions, parameters, genesis, timing });
  return {
    genesisJson: `${JSON.stringify(genesis.genesis)}\n`,
    rollupJson: serializeRollupConfig(rollup),
    l2GenesisHash: genesis.hash,
  };
}

/**
 * The same chain under another schedule of the forks to come: what every follower needs before the first of their times.
 * Block 0 stays as it is, and the bytes are those that `buildChainFiles` makes of that schedule.
 * @param laterForks activation times in seconds of the forks after those of the genesis; what is left out is not scheduled
 * @throws ProtocolError `INVALID_ROLLUP_CONFIG`, `UNSUPPORTED_SCHEDULE`
 */
export function withLaterForks(
  files: Pick<BuiltChainFiles, "genesisJson" | "rollupJson">,
  laterForks: ForkTimes,
): Pick<BuiltChainFiles, "genesisJson" | "rollupJson"> {
  const rollup = parseRollupConfig(files.rollupJson);
  const atGenesis = Object.entries(rollup.forkTimes).filter(([, time]) => time <= rollup.genesis.l2Time);
  const forkTimes: ForkTimes = { ...laterForks, ...Object.fromEntries(atGenesis) };
  checkForkSchedule(forkTimes, rollup.genesis.l2Time);
  const genesis = JSON.parse(files.genesisJson) as { readonly config: Record<string, unknown> };
  const { optimism, graniteTime: _granite, holoceneTime: _holocene, ...config } = genesis.config;
  return {
    genesisJson: `${JSON.stringify({ ...genesis, config: { ...config, ...laterForkFields(forkTimes), optimism } })}\n`,
    rollupJson: serializeRollupConfig({ ...rollup, forkTimes }),
  };
}
