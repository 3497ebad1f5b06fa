import { addressSchema, type CoreAddresses, coreAddressesSchema, type ServiceAddresses } from "@altlayer/restaking";
import { z } from "zod";
import { CliError } from "../../errors.ts";
import { readConfigFile } from "../config-file.ts";

const servicesSchema = z.object({ timelock: addressSchema, alt: addressSchema, factory: addressSchema });
const coreSchema = z.object({ l1ChainId: z.number().int().positive(), core: coreAddressesSchema });
/** A `mach.json` of the same L1 is one, too. */
const deploymentSchema = coreSchema.extend({ services: servicesSchema });

/** Addresses of a core and of the factory on it. */
export interface RestakingDeployment {
  readonly l1ChainId: number;
  readonly core: CoreAddresses;
  readonly services: ServiceAddresses;
}

/** @throws CliError `CONFIG_INVALID`. */
export async function deploymentOf(file: string): Promise<RestakingDeployment> {
  return parsed(deploymentSchema, file);
}

/** Addresses of a core, EigenLayer's or a development one. */
export async function coreOf(file: string): Promise<Pick<RestakingDeployment, "l1ChainId" | "core">> {
  return parsed(coreSchema, file);
}

async function parsed<T>(schema: z.ZodType<T>, file: string): Promise<T> {
  const result = schema.safeParse(await readConfigFile(file));
  if (result.success) return result.data;
  throw new CliError("CONFIG_INVALID", `${file} does not hold the addresses: ${z.prettifyError(result.error)}`, {
    data: { file },
  });
}
