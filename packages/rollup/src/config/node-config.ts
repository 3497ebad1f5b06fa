import { z } from "zod";
import { RollupError } from "../errors.ts";
import { keyReferenceSchema } from "../l1/keys.ts";
import { rpcLimitsSchema } from "../rpc/options.ts";

const url = z.url({ protocol: /^https?$/ });
const milliseconds = z.number().int().min(1).max(3_600_000);
const share = z.number().min(0.01).max(0.95);
const blocks = z.number().int().min(0).max(1_000_000);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase() as `0x${string}`);
const wei = z.union([z.string().regex(/^\d+$/), z.number().int().nonnegative()]).transform((value) => BigInt(value));

const l1Schema = z.strictObject({
  url: url.describe("JSON-RPC of the L1"),
  trustRpc: z.boolean().default(false).describe("believe the L1 without recomputing its hashes and roots"),
  timeoutMs: milliseconds.default(10_000),
  maxResponseBytes: z
    .number()
    .int()
    .min(1024)
    .default(96 * 1024 * 1024),
  attempts: z.number().int().min(1).max(20).default(4),
  pollMs: milliseconds.default(1_000).describe("how often the L1's head is asked for"),
  finality: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("tags") }),
      z.strictObject({ kind: z.literal("blocks"), safeBlocks: blocks, finalizedBlocks: blocks }),
    ])
    .default({ kind: "tags" })
    .describe("the L1's own tags, or on development chains a number of blocks"),
  beacon: z
    .strictObject({ urls: z.array(url).min(1).max(8), addressing: z.enum(["slot", "block-number"]).default("slot") })
    .optional()
    .describe("where blobs are read"),
  blobSchedule: z
    .array(z.strictObject({ timestamp: z.number().int().nonnegative(), updateFraction: wei }).readonly())
    .default([])
    .describe("blob base fee fractions of an L1 beyond Prague, oldest first"),
});

const engineSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("embedded"),
    history: z.union([z.literal("archive"), z.number().int().min(1)]).default(90_000),
    pool: z
      .strictObject({
        maxTransactions: z.number().int().min(1),
        maxPerSender: z.number().int().min(1),
        maxBytes: z.number().int().min(1),
        minTipWei: wei,
        journal: z.boolean(),
      })
      .partial()
      .default({}),
    limits: z
      .strictObject({
        callGas: z.number().int().min(21_000),
        callTimeoutMs: milliseconds,
        logsMaxBlocks: z.number().int().min(1),
        logsMaxResults: z.number().int().min(1),
      })
      .partial()
      .default({}),
  }),
  z.strictObject({ kind: z.literal("engine-api"), url, jwtSecretFile: z.string() }),
]);

const sequencerSchema = z.strictObject({
  confirmations: blocks.default(4).describe("L1 blocks on top of an origin before it is adopted"),
  sealMarginMs: z.number().int().min(0).max(10_000).default(50),
  sliceMs: z.number().int().min(5).max(1_000).default(10).describe("shortest time between two slices"),
  maxBlockBytes: z.number().int().min(10_000).max(10_000_000).default(8_000_000),
  idleMs: z
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(0)
    .describe(
      "how long a chain that nobody uses may stay behind before its due blocks are made together; 0: not at all",
    ),
  signer: keyReferenceSchema.optional().describe("signs unsafe blocks for gossip, and slices"),
  standby: z
    .strictObject({ rpc: url, slices: z.url({ protocol: /^wss?$/ }) })
    .optional()
    .describe("follows the slices of that sequencer and takes over by command (admin_startSequencer)"),
  lease: z
    .strictObject({
      directory: z.string().min(1),
      ttlMs: z.number().int().min(1_000).max(3_600_000).default(15_000),
      clockSkewMs: z.number().int().min(0).max(60_000).default(2_000),
    })
    .optional()
    .describe("the right to sequence, as a file in a directory that all nodes which may sequence share"),
  others: z.array(url).max(16).default([]).describe("JSON-RPC of nodes beside which this one must not sequence"),
  window: z
    .strictObject({
      warnAt: share.default(0.5),
      throttleAt: share.default(0.65),
      stopAt: share.default(0.8),
      throttledBlockBytes: z.number().int().min(1_000).default(20_000),
    })
    .refine(({ warnAt, throttleAt, stopAt }) => warnAt <= throttleAt && throttleAt <= stopAt, {
      message: "warnAt, throttleAt and stopAt must not decrease",
    })
    .prefault({})
    .describe("shares of the sequencing window that lagging batches may use up, and the blocks' size while throttled"),
});

const transactionsSchema = z.strictObject({
  resubmissionMs: milliseconds.default(48_000),
  minTipWei: wei.default(1_000_000n),
  maxFeePerGasWei: wei.default(500_000_000_000n),
  maxFeePerBlobGasWei: wei.default(500_000_000_000n),
});

const batcherSchema = z.strictObject({
  key: keyReferenceSchema,
  dataAvailability: z.enum(["calldata", "blobs", "cheaper"]).default("cheaper"),
  batches: z.enum(["singular", "span"]).default("span"),
  pollMs: milliseconds.default(500),
  /** A channel is closed when it holds this much, or has been open this long. */
  targetChannelBytes: z.number().int().min(1_000).max(50_000_000).default(700_000),
  maxChannelMs: milliseconds.default(60_000),
  maxBlobsPerTransaction: z.number().int().min(1).max(6).default(5),
  maxCalldataBytes: z.number().int().min(1_000).max(130_000).default(120_000),
  maxPendingTransactions: z.number().int().min(1).max(64).default(10),
  /** Bytes of unsafe blocks not yet on L1 beyond which the sequencer's blocks are limited, and to what. */
  throttleAtBytes: z.number().int().min(1).default(20_000_000),
  throttledBlockBytes: z.number().int().min(1_000).default(20_000),
  transactions: transactionsSchema.prefault({}),
});

const proposerSchema = z.strictObject({
  key: keyReferenceSchema,
  disputeGameFactory: address,
  gameType: z.number().int().min(0).default(1),
  intervalMs: milliseconds.default(3_600_000).describe("time between two games"),
  allowUnfinalized: z
    .boolean()
    .default(false)
    .describe("propose safe blocks that are not final yet (development chains)"),
  pollMs: milliseconds.default(5_000),
  transactions: transactionsSchema.prefault({}),
});

const metricsSchema = z.strictObject({
  host: z.string().default("127.0.0.1"),
  port: z.number().int().min(0).max(65_535).default(7300),
  balancePollMs: milliseconds.default(60_000).describe("how often the role accounts' L1 balances are looked at"),
  readiness: z
    .strictObject({
      safeHeadSeconds: z.number().int().min(1).default(900),
      l1HeadSeconds: z.number().int().min(1).default(180),
      diskFreeBytes: z.number().int().min(0).default(1_073_741_824),
    })
    .prefault({})
    .describe("what makes /readyz say no"),
});

const machSchema = z.strictObject({
  avs: address.describe("the service's registrar, which is its AVS address"),
  operatorSetId: z.number().int().min(0).max(0xffffffff).default(0),
  table: address,
  verifier: address,
  listen: z.array(z.string()).max(16).default(["/ip4/127.0.0.1/tcp/0"]),
  peers: z.array(z.string()).max(1_024).default([]).describe("multiaddresses of operators, peer ids included"),
  batcherWaitMs: milliseconds.optional().describe("how long the batcher waits for certificates, instead of T"),
  operator: z
    .strictObject({
      address,
      keystore: z.string().min(1).optional().describe("holds the seed (altlayer operator keys)"),
      passwordFile: z.string().min(1).optional().describe("of the keystore"),
      signer: z
        .strictObject({
          endpoint: z
            .string()
            .regex(/^(?:https?:\/\/|unix:)./)
            .describe("http://.., https://.. or unix:/path"),
          tokenFile: z.string().min(1),
        })
        .optional()
        .describe("instead of a keystore: a process that holds key and signing journal (altlayer operator signer)"),
      createJournal: z.boolean().default(false).describe("of an operator that never signed for this service"),
      restored: z.boolean().default(false).describe("the data come from a backup: signs nothing until L1 data settle"),
      quarantineIfLost: z.boolean().default(false).describe("a lost journal is made anew, and taken for restored"),
    })
    .refine(({ keystore, passwordFile, signer }) =>
      signer === undefined ? keystore !== undefined && passwordFile !== undefined : keystore === undefined,
    )
    .optional()
    .describe("present: this node signs as that operator"),
});

/** Everything that a node is told. The one table of it: `altlayer node --config` reads it, and its help comes from it. */
export const nodeConfigSchema = z.strictObject({
  dataDir: z.string().min(1),
  genesisFile: z.string().min(1).describe("go-ethereum's genesis.json of the L2"),
  rollupFile: z.string().min(1).describe("op-node's rollup.json"),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  /** Added to the machine's clock: a resumed development chain goes on where it stopped. */
  clockOffsetMs: z.number().int().default(0),
  l1: l1Schema,
  engine: engineSchema.prefault({ kind: "embedded" }),
  derivation: z.strictObject({ confirmations: blocks.default(0) }).prefault({}),
  rpc: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.number().int().min(0).max(65_535).default(8545),
      virtualHosts: z.array(z.string()).optional(),
      corsOrigins: z.array(z.string()).optional(),
      admin: z.boolean().default(false).describe("serves admin_startSequencer and admin_stopSequencer"),
      limits: rpcLimitsSchema.optional().describe("limits of requests, filters and connections (rpc/options.ts)"),
    })
    .nullable()
    .prefault({}),
  engineApi: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.number().int().min(0).max(65_535).default(8551),
      jwtSecretFile: z.string(),
    })
    .optional()
    .describe("serves the Engine API, for a consensus client of one's own; the node then derives nothing itself"),
  metrics: metricsSchema.optional().describe("Prometheus metrics, health and readiness on a port of their own"),
  snapshot: z
    .strictObject({
      file: z.string().min(1),
      blockHash: z
        .string()
        .regex(/^0x[0-9a-fA-F]{64}$/)
        .transform((text) => text.toLowerCase() as `0x${string}`)
        .optional()
        .describe("the hash of its block, known to be right: nothing more is asked of the L1"),
    })
    .optional()
    .describe("a file that a new node begins from instead of genesis (altlayer snapshot)"),
  sequencer: sequencerSchema.optional().describe("present: this node builds blocks"),
  flashblocks: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      port: z.number().int().min(0).max(65_535).default(1111),
      maxClients: z.number().int().min(1).max(100_000).default(1_000),
      markMs: z
        .number()
        .int()
        .min(10)
        .max(10_000)
        .default(100)
        .describe("shortest time between two slices that are marked for MACH"),
    })
    .optional()
    .describe("streams slices over WebSocket: Flashblocks on /, with signed slice ids on /slices"),
  followSlices: z
    .url({ protocol: /^wss?$/ })
    .optional()
    .describe("the sequencer's slice stream (ws://host:port/slices), executed as it comes"),
  mach: machSchema.optional().describe("MACH: gathers certificates of fast finality, and serves them"),
  forwardTo: url.optional().describe("where a follower sends transactions on to"),
  batcher: batcherSchema.optional(),
  proposer: proposerSchema.optional(),
  gossip: z
    .strictObject({
      listen: z.array(z.string()).default(["/ip4/127.0.0.1/tcp/0"]),
      peers: z.array(z.string()).default([]),
      maxConnections: z.number().int().min(1).default(30),
    })
    .optional(),
});
export type NodeConfigInput = z.input<typeof nodeConfigSchema>;
export type NodeConfig = z.output<typeof nodeConfigSchema>;

/** Checks a configuration. @throws RollupError `CONFIG_INVALID` with one line for each field at fault */
export function parseNodeConfig(input: unknown): NodeConfig {
  const result = nodeConfigSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join(".") || "the document"}: ${message}`);
  throw new RollupError("CONFIG_INVALID", `the node's configuration is not valid:\n${problems.join("\n")}`, {
    severity: "critical",
    data: { problems },
  });
}
