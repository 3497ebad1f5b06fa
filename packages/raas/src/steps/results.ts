import type { Deployment } from "@altlayer/deployer";
import { parseServiceFile } from "@altlayer/restaking";
import { z } from "zod";
import { ROLES } from "../secrets/key-store.ts";
import { address, type Hex, word } from "../spec/primitives.ts";

const hex = z.string().regex(/^0x[0-9a-f]*$/) as unknown as z.ZodType<Hex, string>;

/** What the step `keys` leaves behind: the accounts that the contracts and the genesis were made with. */
export const keysResult = z.object({ accounts: z.array(z.object({ role: z.enum(ROLES), address })) });

/** What the step `contracts` leaves behind. */
export const contractsResult = z.object({
  addresses: z.record(z.string(), address),
  anchor: z.object({ hash: word, number: z.number().int(), timestamp: z.number().int() }),
  deployer: address,
});
export type ContractsResult = z.output<typeof contractsResult>;

/** What the step `restake` leaves behind: the service's addresses, or null for a rollup without one. */
export const restakeResult = z.object({
  service: z
    .unknown()
    .nullable()
    .transform((service) => (service === null ? null : parseServiceFile(JSON.stringify(service)))),
  /** L1 addresses of the operators that the service began with. */
  operators: z.array(address),
});

/** What the step `restore` leaves behind: the snapshot that the node's data began from, or null for none. */
export const restoreResult = z.object({
  snapshot: z.object({ file: z.string(), blockHash: word, blockNumber: z.number().int() }).nullable(),
});

/** Which program a node runs: as `web3_clientVersion` tells it, and the native engine by its hash. */
export const nodeVersion = z.object({
  version: z.string().max(200),
  engine: z.string().max(64),
});
export type NodeVersion = z.output<typeof nodeVersion>;

const nodeRun = nodeVersion.extend({
  /** When it was first started with this rollup, in milliseconds. */
  since: z.number().int(),
});

/** What the step `start` leaves behind: the program that runs the node, and the one before. Absent in older records. */
export const startResult = z.object({ node: nodeRun, predecessor: nodeRun.nullable() });
export type StartResult = z.output<typeof startResult>;

export const genesisResult = z.object({ l2GenesisHash: hex });

/** The addresses as the deployer names them: our own record of what it returned. */
export const addressesOf = (result: ContractsResult) => result.addresses as unknown as Deployment["addresses"];
