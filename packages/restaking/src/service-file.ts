import { type Address, getAddress, type Hex } from "viem";
import { z } from "zod";
import { RestakingError } from "./errors.ts";

/** An address in any case, as its checksum has it. */
export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text): Address => getAddress(text.toLowerCase()));
const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text) => text.toLowerCase() as Hex);
/** Chain ids may exceed what JSON's numbers hold. */
const chainId = z
  .union([z.number().int().positive(), z.string().regex(/^[1-9][0-9]{0,76}$/)])
  .transform((value) => BigInt(value));

export const coreAddressesSchema = z.strictObject({
  allocationManager: addressSchema,
  delegationManager: addressSchema,
  strategyManager: addressSchema,
  strategyFactory: addressSchema,
  permissionController: addressSchema,
  keyRegistrar: addressSchema,
  rewardsCoordinator: addressSchema,
});

const schema = z.strictObject({
  version: z.literal(1),
  l1ChainId: z.number().int().positive(),
  /** The L1 block of the suite's creation: its events are looked for from there on. */
  fromBlock: z.number().int().min(0).optional(),
  core: coreAddressesSchema,
  /** Null where others deployed them and only the suite is known. */
  services: z.strictObject({ timelock: addressSchema, alt: addressSchema, factory: addressSchema }).nullable(),
  suite: z.strictObject({
    creator: addressSchema,
    rollupId: hash,
    registrar: addressSchema,
    table: addressSchema,
    verifier: addressSchema,
    slasher: addressSchema,
    rewards: addressSchema,
  }),
  rollup: z.strictObject({ systemConfig: addressSchema, l2ChainId: chainId, l2GenesisHash: hash }),
  /** What the set counts as stake, ascending by address. */
  strategies: z
    .array(
      z.strictObject({
        strategy: addressSchema,
        token: addressSchema,
        symbol: z.string().max(64),
        class: z.number().int().min(0).max(1),
        /** Weight of a share, in 1e18ths. */
        multiplier: z.union([z.string().regex(/^[0-9]{1,27}$/), z.number().int()]).transform((value) => BigInt(value)),
      }),
    )
    .min(1)
    .max(4),
});

/** `mach.json`: all addresses of a rollup's MACH service. */
export type MachServiceFile = z.output<typeof schema>;

/**
 * @param json the file's text.
 * @throws RestakingError `SERVICE_FILE_INVALID`.
 */
export function parseServiceFile(json: string, name = "mach.json"): MachServiceFile {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new RestakingError("SERVICE_FILE_INVALID", `${name} is not JSON: ${String(cause)}`, { name });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new RestakingError("SERVICE_FILE_INVALID", `${name} is no service file: ${z.prettifyError(result.error)}`, {
    name,
  });
}

export function serviceFileJson(service: MachServiceFile): string {
  return `${JSON.stringify(service, (_, value) => (typeof value === "bigint" ? value.toString() : value), 2)}\n`;
}
