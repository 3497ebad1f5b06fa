import { concat, keccak256, numberToHex, slice } from "viem";
import { z } from "zod";
import { DeployerError } from "./errors.ts";
import type { Hex } from "./types.ts";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be an address of 20 bytes")
  .transform((value) => value.toLowerCase() as Hex);
const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, "must be 32 bytes of hex")
  .transform((value) => value.toLowerCase() as Hex);
const chainId = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const seconds = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32);
const uint32 = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const wei = z.union([z.bigint(), z.number().int(), z.string().regex(/^\d+$/)]).transform((value) => BigInt(value));

/** No output root is known before the L2 genesis, which needs the addresses: the anchor starts at this mark. */
const ANCHOR_ROOT_UNKNOWN = `0xdead${"00".repeat(30)}` as Hex;

/** Everything that the L1 contracts are set up with. Durations are seconds, gas is gas, fees are wei. */
export const deploymentParametersSchema = z
  .strictObject({
    l2ChainId: chainId,
    /** Owns the proxies and may change the system configuration. */
    owner: address,
    /** May pause withdrawals. Default: the owner. */
    guardian: address.optional(),
    batcher: address,
    proposer: address,
    challenger: address,
    /** Signs the unsafe blocks on the gossip network. */
    unsafeBlockSigner: address,
    /** Where batches are sent. Default: the chain id's address by the OP Stack's convention. */
    batchInbox: address.optional(),
    gasLimit: z.number().int().min(21_000_000).max(10_000_000_000).default(60_000_000),
    basefeeScalar: uint32.default(1368),
    blobbasefeeScalar: uint32.default(810_949),
    /** Announced by the system configuration when given; else L2 uses its genesis configuration's values. */
    eip1559: z.strictObject({ denominator: uint32.min(1), elasticity: uint32.min(1) }).optional(),
    delays: z.strictObject({
      /** Between proving a withdrawal and paying it out. */
      proofMaturitySeconds: seconds,
      /** Between the resolution of a game and paying out withdrawals that rest on it. */
      gameFinalitySeconds: seconds,
      /** Before a bond can be withdrawn. */
      bondWithdrawalSeconds: seconds,
    }),
    game: z.strictObject({
      absolutePrestate: hash,
      maxDepth: z.number().int().min(4).max(125).default(73),
      splitDepth: z.number().int().min(2).max(124).default(30),
      clockExtensionSeconds: seconds,
      maxClockSeconds: seconds,
      bondWei: wei.default(0n),
      startingAnchorRoot: hash.default(ANCHOR_ROOT_UNKNOWN),
      /** Also deploys the game that anybody may play (type 0). Withdrawals keep resting on type 1. */
      permissionless: z.boolean().default(false),
    }),
    preimageOracle: z
      .strictObject({ minProposalBytes: z.number().int().positive(), challengePeriodSeconds: seconds })
      .default({ minProposalBytes: 126_000, challengePeriodSeconds: 86_400 }),
    resourceConfig: z
      .strictObject({
        maxResourceLimit: uint32,
        elasticityMultiplier: z.number().int().min(1).max(255),
        baseFeeMaxChangeDenominator: z.number().int().min(2).max(255),
        minimumBaseFee: uint32,
        systemTxMaxGas: uint32,
        maximumBaseFee: wei,
      })
      .default({
        maxResourceLimit: 20_000_000,
        elasticityMultiplier: 10,
        baseFeeMaxChangeDenominator: 8,
        minimumBaseFee: 1_000_000_000,
        systemTxMaxGas: 1_000_000,
        maximumBaseFee: 2n ** 128n - 1n,
      }),
  })
  .refine(({ game }) => game.splitDepth + 1 < game.maxDepth, {
    path: ["game", "splitDepth"],
    message: "must be at least two below maxDepth",
  })
  .refine(({ game }) => game.clockExtensionSeconds * 2 <= game.maxClockSeconds, {
    path: ["game", "clockExtensionSeconds"],
    message: "must be at most half of maxClockSeconds",
  })
  .refine(({ resourceConfig: config, gasLimit }) => config.maxResourceLimit + config.systemTxMaxGas <= gasLimit, {
    path: ["gasLimit"],
    message: "must cover the gas of deposits and of the system transaction",
  });

export type DeploymentParametersInput = z.input<typeof deploymentParametersSchema>;
export type DeploymentParameters = z.output<typeof deploymentParametersSchema> & {
  readonly guardian: Hex;
  readonly batchInbox: Hex;
};

/**
 * Checks the shape and fills the defaults.
 * @throws DeployerError `INVALID_PARAMETERS` with one line for each field at fault.
 */
export function parseDeploymentParameters(input: unknown): DeploymentParameters {
  const result = deploymentParametersSchema.safeParse(input);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "parameters"}: ${message}`);
    throw new DeployerError(
      "INVALID_PARAMETERS",
      `the deployment's parameters are not valid:\n${problems.join("\n")}`,
      { problems },
    );
  }
  const parameters = result.data;
  return {
    ...parameters,
    guardian: parameters.guardian ?? parameters.owner,
    batchInbox: parameters.batchInbox ?? batchInboxOf(parameters.l2ChainId),
  };
}

/** The OP Stack's convention: a zero byte and the first 19 bytes of the hash of the chain id as 32 bytes. */
export function batchInboxOf(l2ChainId: number): Hex {
  return concat(["0x00", slice(keccak256(numberToHex(l2ChainId, { size: 32 })), 0, 19)]);
}

export interface Roles {
  readonly l2ChainId: number;
  readonly owner: Hex;
  readonly batcher: Hex;
  readonly proposer: Hex;
  readonly challenger: Hex;
  readonly unsafeBlockSigner: Hex;
}

/** The program of a development chain's games is never run: its prestate only has the shape of one. */
export const DEVELOPMENT_PRESTATE = `0x03${"c7".repeat(31)}` as Hex;

/** Parameters for a development chain: withdrawals pay out within seconds, and nothing is disputed. */
export function developmentParameters(roles: Roles & Partial<DeploymentParametersInput>): DeploymentParameters {
  return parseDeploymentParameters({
    delays: { proofMaturitySeconds: 1, gameFinalitySeconds: 1, bondWithdrawalSeconds: 0 },
    game: { absolutePrestate: DEVELOPMENT_PRESTATE, clockExtensionSeconds: 0, maxClockSeconds: 0 },
    ...roles,
  });
}
