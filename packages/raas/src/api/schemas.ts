import { z } from "zod";
import { TEAM_ROLES } from "../auth/roles.ts";
import { ORDERED_STEPS, STEPS } from "../core/decide.ts";
import { GENESIS_FORKS, UPGRADES } from "../forks/schedule.ts";
import { ROLES } from "../secrets/key-store.ts";
import { address, bytes } from "../spec/primitives.ts";
import { rollupSpecSchema } from "../spec/rollup-spec.ts";
import { drillResultSchema } from "./recovery-schemas.ts";

/** The shapes of the API, in and out. The OpenAPI document is made from them. */

export const PHASES = [
  "launching",
  "waiting",
  "running",
  "stopping",
  "stopped",
  "failed",
  "destroying",
  "destroyed",
  "exported",
] as const;

const time = z.string().describe("ISO 8601, UTC");
const hex = z.string().regex(/^0x[0-9a-f]*$/);
const id = z.string();

export const empty = z.strictObject({});
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().min(1).max(100).optional(),
});
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

const pathId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/);
export const teamParams = z.strictObject({ team: pathId });
export const rollupParams = z.strictObject({ team: pathId, rollup: pathId });
export const memberParams = z.strictObject({ team: pathId, user: pathId });
export const tokenParams = z.strictObject({ team: pathId, token: pathId });
export const networkParams = z.strictObject({ network: pathId });

const roleSchema = z.enum(TEAM_ROLES);
const problemSchema = z.object({ code: z.string(), message: z.string() });
export const teamSchema = z.object({ id, name: z.string(), role: roleSchema, createdAt: time });
export const sessionSchema = z.object({
  user: z.object({ id, name: z.string(), address: hex.nullable() }),
  teams: z.array(z.object({ id, name: z.string(), role: roleSchema })),
  csrfToken: z.string(),
  expiresAt: time,
});
export const memberSchema = z.object({
  userId: id,
  name: z.string(),
  address: hex.nullable(),
  role: roleSchema,
  joinedAt: time,
});
export const tokenSchema = z.object({
  id,
  name: z.string(),
  role: roleSchema,
  createdAt: time,
  lastUsedAt: time.nullable(),
  expiresAt: time.nullable(),
});
export const newTokenSchema = tokenSchema.extend({ token: z.string() });
export const auditSchema = z.object({
  id,
  at: time,
  actor: z.object({ id, name: z.string() }),
  action: z.string(),
  target: z.string().nullable(),
  details: z.unknown(),
  ip: z.string(),
});
export const networkViewSchema = z.object({
  id,
  name: z.string(),
  chainId: z.number(),
  development: z.boolean(),
  blockTimeSeconds: z.number(),
  explorerUrl: z.string().nullable(),
  rpcUrl: z.string().nullable(),
  headNumber: z.number().nullable(),
  reachable: z.boolean(),
});

export const stepSchema = z.object({
  name: z.enum([...STEPS, ...ORDERED_STEPS]),
  title: z.string(),
  status: z.enum(["pending", "running", "done", "failed"]),
  attempt: z.number(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  detail: z.string().nullable(),
  problem: problemSchema.nullable(),
});
export const signatureSchema = z.object({
  id,
  field: z.string(),
  description: z.string(),
  chainId: z.number(),
  from: hex,
  to: hex,
  data: hex,
  value: z.literal("0"),
});
export const rollupSummarySchema = z.object({
  id,
  kind: z.enum(["managed", "attached"]).describe("attached: others run it"),
  teamId: id,
  name: z.string(),
  chainId: z.number(),
  networkId: z.string(),
  revision: z.number(),
  phase: z.enum(PHASES),
  desired: z.enum(["running", "stopped", "destroyed", "exported"]),
  problem: problemSchema.nullable(),
  restoring: z.boolean().describe("a restore was asked for, and is not done yet"),
  createdAt: time,
  updatedAt: time,
  readyAt: time.nullable(),
  launchMs: z.number().nullable(),
  endpoints: z.object({ rpc: z.string(), ws: z.string(), flashblocks: z.string().nullable() }).nullable(),
});
const nodeSchema = z.object({
  version: z.string(),
  engine: z.string().describe("hash of the native engine"),
  since: time,
});
const forkSchema = z.object({
  active: z.enum(GENESIS_FORKS),
  scheduled: z.array(z.object({ fork: z.enum(UPGRADES), at: time })),
  next: z.enum(UPGRADES).nullable().describe("the newest fork it can be upgraded to"),
  networkTime: time.describe("the settlement network's clock, by which times are judged"),
  earliest: time.describe("no fork can be scheduled before that"),
});
export const rollupSchema = rollupSummarySchema.extend({
  applied: z.boolean().nullable().describe("the node runs with this spec's settings; null while none runs here"),
  contracts: z.record(z.string(), hex).nullable(),
  l2GenesisHash: hex.nullable(),
  mach: z
    .object({ avs: hex, table: hex, verifier: hex, operators: z.array(hex) })
    .nullable()
    .describe("its MACH service; null before the step restake, and for a rollup that is not restaked"),
  accounts: z.array(z.object({ role: z.enum(ROLES), address: hex })),
  signatures: z.array(signatureSchema),
  drills: z.array(drillResultSchema).describe("the newest rehearsal of each kind"),
  forks: forkSchema.nullable().describe("null for a chain that others run"),
  node: nodeSchema
    .extend({ predecessor: nodeSchema.nullable() })
    .nullable()
    .describe("the program that runs the node, and the one before; null before its first start"),
  spec: z.unknown().describe("the RollupSpec, defaults filled in"),
  steps: z.array(stepSchema),
});
const changeSchema = z.object({
  path: z.string(),
  title: z.string(),
  from: z.unknown(),
  to: z.unknown(),
  change: z.enum(["us", "owner", "never"]),
  effect: z.enum(["live", "restart", "signature", "none"]),
  note: z.string(),
});
export const planSchema = z.object({
  base: z.number().nullable(),
  valid: z.literal(true),
  changes: z.array(changeSchema),
  refused: z.boolean(),
  actions: z.array(z.object({ kind: z.string(), title: z.string() })),
  signatures: z.array(signatureSchema),
  downtimeSeconds: z.number().nullable(),
});
export const revisionSchema = z.object({
  revision: z.number(),
  spec: z.unknown(),
  author: z.object({ id, name: z.string() }),
  createdAt: time,
  note: z.string().nullable(),
});
export const logLineSchema = z.object({
  seq: z.number(),
  at: time,
  level: z.string(),
  room: z.string(),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});
const headSchema = z.object({ number: z.number(), hash: hex, timestamp: z.number() });
const headsSchema = z.object({ unsafe: headSchema, safe: headSchema, finalized: headSchema });
export const liveSchema = z.object({
  phase: z.enum(PHASES),
  heads: headsSchema.nullable(),
  l1: z.object({ latest: headSchema.nullable() }).nullable(),
  pendingTransactions: z.number().nullable(),
  throughput: z
    .object({ transactionsPerSecond: z.number(), gasPerSecond: z.number(), windowSeconds: z.number() })
    .nullable(),
  balances: z.array(
    z.object({
      role: z.enum(ROLES),
      address: hex,
      balanceWei: z.string().nullable(),
      networkId: z.string(),
      spentWeiPerDay: z.string().nullable().describe("measured over the last week, or since measuring began"),
      runwayDays: z.number().nullable(),
    }),
  ),
  alarms: z.array(
    z.object({ code: z.string(), severity: z.enum(["warning", "critical"]), message: z.string(), since: time }),
  ),
});
export const publicStatusSchema = z.object({
  name: z.string(),
  chainId: z.number(),
  phase: z.enum(PHASES),
  heads: headsSchema.nullable(),
  problem: problemSchema.nullable(),
  drills: z.array(drillResultSchema).describe("the newest rehearsal of each kind"),
  updatedAt: time,
  since: time.nullable().describe("first ready"),
  uptime: z
    .object({ day: z.number().nullable(), month: z.number().nullable(), quarter: z.number().nullable() })
    .describe("percent of the last 24 hours, 30 and 90 days, or since it was first ready"),
  incidents: z.array(
    z.object({
      id,
      code: z.string(),
      severity: z.enum(["warning", "critical"]),
      title: z.string(),
      outage: z.boolean().describe("counts against the uptime"),
      raisedAt: time,
      clearedAt: time.nullable(),
    }),
  ),
});

const name = z.string().trim().min(1).max(80);
export const linkBody = z.strictObject({ token: z.string().min(20).max(100) });
export const newLinkBody = z.strictObject({ secret: z.string().min(20).max(100) });
export const siweBody = z.strictObject({ message: z.string().min(1).max(4_096), signature: bytes(8_192) });
export const createTeamBody = z.strictObject({ name });
export const addMemberBody = z.strictObject({ address, role: roleSchema, name: name.optional() });
export const roleBody = z.strictObject({ role: roleSchema });
export const createTokenBody = z.strictObject({
  name,
  role: roleSchema,
  expiresInDays: z.number().int().min(1).max(3_650).optional(),
});
export const specBody = z.strictObject({ spec: rollupSpecSchema });
export const putSpecBody = z.strictObject({
  spec: rollupSpecSchema,
  revision: z.number().int().min(1),
  note: z.string().max(500).optional(),
});
export const rollbackBody = z.strictObject({ to: z.number().int().min(1), revision: z.number().int().min(1) });
export const confirmBody = z.strictObject({ confirm: z.string().max(80) });
export const faucetBody = z.strictObject({ address });
export const snapshotBody = z.strictObject({ block: z.enum(["safe", "finalized"]).default("finalized") });
export const exportBody = z.strictObject({ password: z.string().min(12).max(200) });
const rpcCall = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: z
    .union([z.string().max(100), z.number()])
    .nullable()
    .optional(),
  method: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+_[A-Za-z0-9]+$/),
  params: z.union([z.array(z.unknown()).max(20), z.record(z.string(), z.unknown())]).optional(),
});
export const rpcBody = z.union([rpcCall, z.array(rpcCall).min(1).max(50)]);
