// Size: one table, a field after the other, with what a person must know to choose each.
import { z } from "zod";
import { GENESIS_FORKS } from "../forks/schedule.ts";
import { field } from "./field.ts";
import { address, bytes, moment, wei, word } from "./primitives.ts";

const NO_COST = "None.";
const NOBODY_NEW = "Nobody new.";
const CODE_MAX_BYTES = 24_576;

const funding = z.strictObject({
  address: field(address, {
    title: "Account",
    description: "Holds ether from the first block on.",
    cost: NO_COST,
    trust: "This ether has no counterpart on the settlement network: only the bridge's deposits back withdrawals.",
    change: "never",
    effect: "none",
    group: "genesis",
  }),
  amountWei: field(wei, {
    title: "Amount",
    description: "Ether the account holds at genesis.",
    cost: NO_COST,
    trust: "Withdrawing more than was ever deposited fails on the settlement network.",
    change: "never",
    effect: "none",
    group: "genesis",
    unit: "wei",
  }),
});

const activation = (name: string, brings: string) =>
  field(moment.optional(), {
    title: `${name} activation`,
    description: `When the fork ${name} becomes the chain's rule, as 2030-01-31T12:00:00Z: the first block at or after it. ${brings} Without a time it is not scheduled.`,
    cost: "A restart of the node of about a second, well before the time.",
    trust:
      "Every node must know the time before it comes: one elsewhere that does not leaves the chain there. Until then the time can be moved or taken back, afterwards never.",
    change: "us",
    effect: "restart",
    group: "execution",
    advanced: true,
  });

const genesisContract = z.strictObject({
  address: field(address, {
    title: "Address",
    description: "Where the contract stands at genesis.",
    cost: NO_COST,
    trust: NOBODY_NEW,
    change: "never",
    effect: "none",
    group: "genesis",
  }),
  code: field(bytes(CODE_MAX_BYTES), {
    title: "Runtime code",
    description: "The contract's deployed bytecode; no constructor runs.",
    cost: NO_COST,
    trust: "Users trust whoever wrote this code as much as any contract's author.",
    change: "never",
    effect: "none",
    group: "genesis",
  }),
  storage: field(z.record(word, word).default({}), {
    title: "Storage",
    description: "Slots and their words at genesis.",
    cost: NO_COST,
    trust: NOBODY_NEW,
    change: "never",
    effect: "none",
    group: "genesis",
    advanced: true,
  }),
});

/** One rollup, as its team wants it. The one schema: it validates the YAML, draws the wizard and documents the CLI. */
export const rollupSpecSchema = z.strictObject({
  name: field(
    z.string().regex(/^[a-z][a-z0-9-]{1,38}[a-z0-9]$/, "3 to 40 of a-z, 0-9 and -, beginning with a letter"),
    {
      title: "Name",
      description: "How people and commands call the rollup; unique in the team.",
      cost: NO_COST,
      trust: NOBODY_NEW,
      change: "us",
      effect: "live",
      group: "basics",
    },
  ),
  settlement: z.strictObject({
    network: field(z.string().min(1).max(64), {
      title: "Settlement network",
      description: "The chain that holds the rollup's contracts and data, and settles its withdrawals.",
      cost: "The deployment takes about 40 million gas there; afterwards batches and proposals are paid there.",
      trust: "Users trust this network's consensus for ordering, data and withdrawals.",
      change: "never",
      effect: "none",
      group: "basics",
    }),
  }),
  chain: z.strictObject({
    chainId: field(z.number().int().min(1).max(2_147_483_647), {
      title: "Chain id",
      description: "Unique number by which wallets know the chain. Look it up on chainlist before you choose.",
      cost: NO_COST,
      trust: "With another chain's id, its signed transactions could be replayed here.",
      change: "never",
      effect: "none",
      group: "basics",
    }),
    blockTimeSeconds: field(z.number().int().min(1).max(12).default(1), {
      title: "Block time",
      description: "Seconds between two blocks. Users see their transaction much earlier, in a slice.",
      cost: "Shorter blocks cost a little more data on the settlement network.",
      trust: NOBODY_NEW,
      change: "never",
      effect: "none",
      group: "basics",
      unit: "seconds",
    }),
  }),
  execution: z
    .strictObject({
      sliceMs: field(z.number().int().min(5).max(1_000).default(10), {
        title: "Slice interval",
        description: "Shortest time between two slices: how soon a user has a preconfirmed receipt.",
        cost: "Shorter slices take more of the machine under load.",
        trust: "Until a block is safe, users trust the sequencer not to take back a slice.",
        change: "us",
        effect: "restart",
        group: "execution",
        unit: "milliseconds",
      }),
      idleSeconds: field(z.number().int().min(0).max(300).default(30), {
        title: "Idle rest",
        description:
          "While nobody uses the chain, its due blocks are made together, at the latest after so long. They carry the times they would have had; whoever asks or sends wakes the chain at once. 0 makes every block at its time.",
        cost: "With a rest, a chain that nobody uses costs little to run.",
        trust: NOBODY_NEW,
        change: "us",
        effect: "restart",
        group: "execution",
        unit: "seconds",
        advanced: true,
      }),
      gasLimit: field(z.number().int().min(21_000_000).max(1_000_000_000).default(60_000_000), {
        title: "Gas limit",
        description: "Gas in one block: how much the chain can do.",
        cost: "More gas means more data to pay for and more work for everybody who follows the chain.",
        trust: "The higher the limit, the fewer can afford to check the chain.",
        change: "owner",
        effect: "signature",
        group: "execution",
        unit: "gas",
      }),
      baseFee: z
        .strictObject({
          denominator: field(z.number().int().min(2).max(10_000).default(250), {
            title: "Base fee denominator",
            description: "The base fee moves by at most one part of this many in a block (EIP-1559).",
            cost: NO_COST,
            trust: NOBODY_NEW,
            change: "owner",
            effect: "signature",
            group: "execution",
            advanced: true,
          }),
          elasticity: field(z.number().int().min(1).max(100).default(6), {
            title: "Base fee elasticity",
            description: "A block's target is the gas limit divided by this (EIP-1559).",
            cost: NO_COST,
            trust: NOBODY_NEW,
            change: "owner",
            effect: "signature",
            group: "execution",
            advanced: true,
          }),
        })
        .prefault({}),
    })
    .prefault({}),
  forks: z
    .strictObject({
      genesis: field(z.enum(GENESIS_FORKS).default("holocene"), {
        title: "Fork at genesis",
        description: "The newest fork of the OP Stack that holds from the first block on, with all before it.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "never",
        effect: "none",
        group: "execution",
        advanced: true,
      }),
      granite: activation("Granite", "Bounds the pairing precompile and shortens the channel timeout to 50 L1 blocks."),
      holocene: activation(
        "Holocene",
        "Lets the owner set the base fee's parameters, and orders batches strictly. Needs Granite, before it or at the same time.",
      ),
    })
    .prefault({}),
  dataAvailability: z
    .strictObject({
      kind: field(z.enum(["cheaper", "blobs", "calldata"]).default("cheaper"), {
        title: "Data availability",
        description:
          "Where the transactions' data go on the settlement network: blobs, calldata, or whichever is cheaper.",
        cost: "Blobs are usually far cheaper; calldata is there where a network has no blobs.",
        trust: "Both are the settlement network's own data: whoever reads it can rebuild the chain without us.",
        change: "us",
        effect: "restart",
        group: "data",
      }),
      maxBatchDelaySeconds: field(z.number().int().min(2).max(3_600).default(60), {
        title: "Longest batch delay",
        description: "How long blocks may wait before their data are sent to the settlement network.",
        cost: "Longer delays make fuller, cheaper batches.",
        trust: "Until its data are there, a block rests on the sequencer's word.",
        change: "us",
        effect: "restart",
        group: "data",
        unit: "seconds",
      }),
    })
    .prefault({}),
  proposals: z
    .strictObject({
      intervalSeconds: field(z.number().int().min(2).max(86_400).default(3_600), {
        title: "Proposal interval",
        description:
          "Time between two claims of the rollup's state on the settlement network; withdrawals wait for the next.",
        cost: "Each costs about 400,000 gas there, its resolution included.",
        trust: "A proposal can be disputed until its clock has run out.",
        change: "us",
        effect: "restart",
        group: "settlement",
        unit: "seconds",
      }),
    })
    .prefault({}),
  withdrawals: z
    .strictObject({
      proofMaturitySeconds: field(z.number().int().min(1).max(2_592_000).default(604_800), {
        title: "Withdrawal delay",
        description: "Time between proving a withdrawal and paying it out. Development networks use one second.",
        cost: "Users wait this long.",
        trust: "The time the guardian and challengers have to stop a false withdrawal.",
        change: "never",
        effect: "none",
        group: "settlement",
        unit: "seconds",
        advanced: true,
      }),
      gameFinalitySeconds: field(z.number().int().min(1).max(2_592_000).default(302_400), {
        title: "Game finality delay",
        description:
          "Time between a dispute's resolution and payments that rest on it. Development networks use one second.",
        cost: "Part of the users' wait.",
        trust: "The guardian may blacklist a wrong result within this time.",
        change: "never",
        effect: "none",
        group: "settlement",
        unit: "seconds",
        advanced: true,
      }),
      maxClockSeconds: field(z.number().int().min(1).max(2_592_000).default(302_400), {
        title: "Dispute clock",
        description: "Time each side of a dispute has. Development networks resolve at once.",
        cost: "Part of the users' wait.",
        trust: "An honest challenger must be able to answer within this time.",
        change: "never",
        effect: "none",
        group: "settlement",
        unit: "seconds",
        advanced: true,
      }),
      absolutePrestate: field(word.optional(), {
        title: "Absolute prestate",
        description: "Hash of the program that decides disputes. Required on networks that are not for development.",
        cost: NO_COST,
        trust: "Users trust that this program is the OP Stack's for this chain; anybody can rebuild and compare it.",
        change: "never",
        effect: "none",
        group: "settlement",
        advanced: true,
      }),
    })
    .prefault({}),
  l1Fees: z
    .strictObject({
      basefeeScalar: field(z.number().int().min(0).max(4_294_967_295).default(1_368), {
        title: "L1 base fee scalar",
        description: "Share of the settlement network's base fee that users pay for their data, in millionths.",
        cost: "Too low, and the batcher's costs are not covered.",
        trust: "The owner may raise it: users pay what the owner sets.",
        change: "owner",
        effect: "signature",
        group: "data",
        advanced: true,
      }),
      blobbasefeeScalar: field(z.number().int().min(0).max(4_294_967_295).default(810_949), {
        title: "L1 blob base fee scalar",
        description: "The same for the blob base fee, in millionths.",
        cost: "Too low, and the batcher's costs are not covered.",
        trust: "The owner may raise it: users pay what the owner sets.",
        change: "owner",
        effect: "signature",
        group: "data",
        advanced: true,
      }),
    })
    .prefault({}),
  genesis: z
    .strictObject({
      funding: z
        .array(funding)
        .max(1_000)
        .default([])
        .meta({ title: "Funded accounts", "x-altlayer": { group: "genesis" } }),
      contracts: z
        .array(genesisContract)
        .max(100)
        .default([])
        .meta({ title: "Contracts", "x-altlayer": { group: "genesis" } }),
    })
    .prefault({}),
  services: z
    .strictObject({
      mach: z
        .strictObject({
          restaking: field(z.enum(["automatic", "on", "off"]).default("automatic"), {
            title: "Restaking (MACH)",
            description:
              "Operators with stake execute every block and certify it within a moment. Automatic: on where it works, which is on development networks so far.",
            cost: "On a development network: a follower for each operator, in the platform's process, and some seconds of the launch.",
            trust:
              "A certified block is taken back only if operators with two thirds of the stake sign falsely, which is slashed. On a development network all of them are the platform's own.",
            change: "never",
            effect: "none",
            group: "services",
          }),
          operators: field(z.number().int().min(1).max(8).default(4), {
            title: "Operators",
            description: "How many operators the development network's service begins with, of equal stake.",
            cost: "Each takes memory and executes every block.",
            trust: "Of four, three must sign: one may be silent or false.",
            change: "never",
            effect: "none",
            group: "services",
            advanced: true,
          }),
        })
        .prefault({}),
    })
    .prefault({}),
  owners: z.strictObject({
    admin: field(address, {
      title: "Owner",
      description: "Address or Safe that owns the L1 contracts: upgrades, gas limit, fees. We never hold its key.",
      cost: "Its transactions are paid by itself.",
      trust:
        "The owner can upgrade the bridge, and so can take what lies in it. A Safe with a delay is better than one key.",
      change: "owner",
      effect: "signature",
      group: "owners",
    }),
    feeRecipient: field(address, {
      title: "Fee recipient",
      description: "Gets the fees that users pay, on the rollup.",
      cost: NO_COST,
      trust: NOBODY_NEW,
      change: "never",
      effect: "none",
      group: "owners",
    }),
  }),
  access: z
    .strictObject({
      corsOrigins: field(z.array(z.string().max(253)).max(50).default(["*"]), {
        title: "Web origins",
        description: "Web pages that may talk to the RPC from a browser; * for all.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "us",
        effect: "restart",
        group: "operation",
      }),
      publicStatus: field(z.boolean().default(true), {
        title: "Public status page",
        description: "Shows heads and outages to everybody.",
        cost: NO_COST,
        trust: "An outage that users can see is one that they need not be told of.",
        change: "us",
        effect: "live",
        group: "operation",
      }),
    })
    .prefault({}),
  alarms: z
    .strictObject({
      batchLagMinutes: field(z.number().int().min(1).max(1_440).default(30), {
        title: "Batch lag alarm",
        description: "Raised when the newest safe block is older than this.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "us",
        effect: "live",
        group: "operation",
        unit: "minutes",
      }),
      lowBalanceWei: field(wei.default("100000000000000000"), {
        title: "Low balance alarm",
        description: "Raised when batcher or proposer hold less than this on the settlement network.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "us",
        effect: "live",
        group: "operation",
        unit: "wei",
      }),
      runwayDays: field(z.number().int().min(0).max(365).default(7), {
        title: "Runway alarm",
        description:
          "Raised when batcher's or proposer's money lasts fewer days at the spending that was measured; 0 for never.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "us",
        effect: "live",
        group: "operation",
        unit: "days",
      }),
      monthlyBudgetWei: field(wei.default("0"), {
        title: "Monthly budget",
        description:
          "What the rollup's accounts may spend on the settlement network in a calendar month (UTC): an alarm at 80 %, another at 100 %. It stops nothing. 0 for no budget.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "us",
        effect: "live",
        group: "operation",
        unit: "wei",
      }),
      certificateLagSeconds: field(z.number().int().min(10).max(86_400).default(60), {
        title: "Certificate lag alarm",
        description: "Raised when the newest block certified by MACH is so far behind the head. Restaked rollups only.",
        cost: NO_COST,
        trust: NOBODY_NEW,
        change: "us",
        effect: "live",
        group: "operation",
        unit: "seconds",
      }),
    })
    .prefault({}),
});

export type RollupSpecInput = z.input<typeof rollupSpecSchema>;
export type RollupSpec = z.output<typeof rollupSpecSchema>;
