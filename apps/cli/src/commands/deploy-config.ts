import type { DeploymentParametersInput } from "@altlayer/deployer";
import { deploymentParametersSchema, EIP1559_DEFAULTS, ROLLUP_TIMING } from "@altlayer/deployer";
import { z } from "zod";
import { CliError } from "../errors.ts";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "must be an address of 20 bytes")
  .transform((text) => text.toLowerCase() as `0x${string}`);
const count = z.number().int().positive();

/** The file of `altlayer deploy --config`: the contracts' parameters, and what the L2 adds. */
const schema = z.strictObject({
  contracts: deploymentParametersSchema,
  rollup: z.strictObject({
    newestFork: z.enum(["fjord", "granite", "holocene"]).default("holocene"),
    timing: z
      .strictObject({ blockTime: count, seqWindowSize: count, maxSequencerDrift: count, channelTimeout: count })
      .partial()
      .default({}),
    feeRecipient: address,
    /** Wei as decimal strings. */
    balances: z.record(address, z.string().regex(/^\d+$/).transform(BigInt)).default({}),
  }),
});
export type DeployConfig = z.output<typeof schema>;

/** @throws CliError `CONFIG_INVALID` with one line for each field at fault. */
export function parseDeployConfig(input: unknown, file: string): DeployConfig {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "the document"}: ${message}`);
  throw new CliError("CONFIG_INVALID", `${file} is not valid:\n${problems.join("\n")}`, { data: { file, problems } });
}

/** A configuration to start from: real delays, and addresses to be filled in. */
export function exampleDeployConfig(): unknown {
  const fill = "0x-address";
  const contracts: Record<keyof DeploymentParametersInput, unknown> | Record<string, unknown> = {
    l2ChainId: 42069,
    owner: fill,
    batcher: fill,
    proposer: fill,
    challenger: fill,
    unsafeBlockSigner: fill,
    gasLimit: 60_000_000,
    eip1559: { denominator: EIP1559_DEFAULTS.denominatorCanyon, elasticity: EIP1559_DEFAULTS.elasticity },
    delays: { proofMaturitySeconds: 604_800, gameFinalitySeconds: 302_400, bondWithdrawalSeconds: 604_800 },
    game: { absolutePrestate: "0x03-hash-of-op-program", clockExtensionSeconds: 10_800, maxClockSeconds: 302_400 },
  };
  return { contracts, rollup: { newestFork: "holocene", timing: ROLLUP_TIMING, feeRecipient: fill, balances: {} } };
}
