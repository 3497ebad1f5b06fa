import type { RollupConfig } from "@altlayer/protocol";
import { checkRollupConfig } from "@altlayer/protocol";
import { numberToHex } from "viem";
import type { DeploymentParameters } from "../parameters.ts";
import type { L2Genesis } from "./genesis.ts";
import type { GenesisOptions } from "./options.ts";

export interface RollupTiming {
  /** Seconds per L2 block. */
  readonly blockTime: number;
  /** L1 blocks in which an epoch's batches must appear. */
  readonly seqWindowSize: number;
  /** Overridden by Fjord and Granite, yet op-node wants them: seconds, and L1 blocks. */
  readonly maxSequencerDrift: number;
  readonly channelTimeout: number;
}

/** Blocks of two seconds, and twelve hours of L1 blocks of twelve seconds for a batch to appear. */
export const ROLLUP_TIMING: RollupTiming = {
  blockTime: 2,
  seqWindowSize: 3600,
  maxSequencerDrift: 1800,
  channelTimeout: 50,
};

/**
 * The rollup's configuration, which `serializeRollupConfig` of the protocol package writes as op-node's rollup.json.
 * @throws ProtocolError `INVALID_ROLLUP_CONFIG`.
 */
export function buildRollupConfig(
  options: Pick<GenesisOptions, "l1ChainId" | "anchor" | "addresses" | "forkTimes" | "eip1559Defaults"> & {
    readonly parameters: DeploymentParameters;
    readonly genesis: L2Genesis;
    readonly timing: RollupTiming;
    /** For development chains whose L1 went from Cancun to Prague (see `RollupConfig`). */
    readonly pectraBlobScheduleTime?: number;
  },
): RollupConfig {
  const { parameters, anchor, addresses, genesis, timing } = options;
  const config: RollupConfig = {
    genesis: {
      l1: { hash: anchor.hash, number: anchor.number },
      l2: { hash: genesis.hash, number: 0 },
      l2Time: anchor.timestamp,
      systemConfig: {
        batcherAddress: parameters.batcher,
        overhead: numberToHex(0, { size: 32 }),
        scalar: ecotoneScalar(parameters),
        gasLimit: parameters.gasLimit,
        eip1559Params: genesis.eip1559Params,
      },
    },
    ...timing,
    l1ChainId: options.l1ChainId,
    l2ChainId: parameters.l2ChainId,
    forkTimes: options.forkTimes,
    batchInboxAddress: parameters.batchInbox,
    depositContractAddress: addresses.OptimismPortalProxy,
    l1SystemConfigAddress: addresses.SystemConfigProxy,
    protocolVersionsAddress: addresses.ProtocolVersionsProxy,
    eip1559Defaults: options.eip1559Defaults,
    ...(options.pectraBlobScheduleTime === undefined ? {} : { pectraBlobScheduleTime: options.pectraBlobScheduleTime }),
  };
  checkRollupConfig(config);
  return config;
}

/** Version 1 in the highest byte, then both scalars at the end (specs/protocol/ecotone, L1 fee scalars). */
function ecotoneScalar({ basefeeScalar, blobbasefeeScalar }: DeploymentParameters): `0x${string}` {
  return numberToHex((1n << 248n) | (BigInt(blobbasefeeScalar) << 32n) | BigInt(basefeeScalar), { size: 32 });
}
