import * as z from "zod/mini";

/**
 * What a node may answer. A node is not trusted: an attached chain's is somebody else's, and even ours repeats what
 * contracts say. Sizes are bounded here, text is cut where it is shown.
 */
const DATA_MAX = 4_000_000;
const LIST_MAX = 100_000;

export const hex = z
  .string()
  .check(z.regex(/^0x[0-9a-f]*$/i), z.maxLength(DATA_MAX)) as unknown as z.ZodMiniType<`0x${string}`>;
export const hash = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-f]{64}$/i)),
  z.transform((text) => text.toLowerCase() as `0x${string}`),
);
export const address = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-f]{40}$/i)),
  z.transform((text) => text.toLowerCase() as `0x${string}`),
);
export const quantity = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-f]{1,64}$/i)),
  z.transform((text) => BigInt(text)),
);
/** A quantity that is a count or a time and so fits a number. */
export const count = z.pipe(
  z.string().check(z.regex(/^0x[0-9a-f]{1,13}$/i)),
  z.transform((text) => Number(text)),
);
const list = <Item extends z.core.$ZodType>(item: Item) => z.array(item).check(z.maxLength(LIST_MAX));

const blockFields = {
  number: count,
  hash,
  parentHash: hash,
  timestamp: count,
  miner: address,
  gasLimit: quantity,
  gasUsed: quantity,
  baseFeePerGas: z.optional(quantity),
  size: z.optional(count),
  stateRoot: hash,
  transactionsRoot: hash,
  receiptsRoot: hash,
  extraData: hex,
};

export const Transaction = z.object({
  hash,
  blockNumber: z.nullable(count),
  blockHash: z.nullable(hash),
  transactionIndex: z.nullable(count),
  from: address,
  to: z.nullable(address),
  value: quantity,
  input: hex,
  nonce: count,
  gas: quantity,
  gasPrice: z.optional(quantity),
  maxFeePerGas: z.optional(quantity),
  maxPriorityFeePerGas: z.optional(quantity),
  type: z.optional(count),
  /** Deposits only. */
  sourceHash: z.optional(hash),
  mint: z.optional(z.nullable(quantity)),
});
export type Transaction = z.output<typeof Transaction>;

export const Block = z.nullable(z.object({ ...blockFields, transactions: list(hash) }));
export type Block = NonNullable<z.output<typeof Block>>;
/** Of an open block little is known yet: no hash, no roots. */
export const PendingBlock = z.nullable(z.object({ number: z.nullable(count), transactions: list(z.unknown()) }));
export const FullBlock = z.nullable(z.object({ ...blockFields, transactions: list(Transaction) }));
export type FullBlock = NonNullable<z.output<typeof FullBlock>>;

export const Log = z.object({
  address,
  topics: z.array(hash).check(z.maxLength(4)),
  data: hex,
  logIndex: count,
  blockNumber: count,
  transactionHash: hash,
});
export type Log = z.output<typeof Log>;
export const Logs = list(Log);

export const Receipt = z.nullable(
  z.object({
    transactionHash: hash,
    blockNumber: count,
    blockHash: hash,
    transactionIndex: count,
    from: address,
    to: z.nullable(address),
    contractAddress: z.optional(z.nullable(address)),
    status: z.optional(count),
    gasUsed: quantity,
    effectiveGasPrice: z.optional(quantity),
    l1Fee: z.optional(z.nullable(quantity)),
    l1GasUsed: z.optional(z.nullable(quantity)),
    logs: list(Log),
  }),
);
export type Receipt = NonNullable<z.output<typeof Receipt>>;

/** A frame of the callTracer. */
export interface CallFrame {
  readonly type: string;
  readonly from: `0x${string}`;
  readonly to?: `0x${string}` | undefined;
  readonly value?: bigint | undefined;
  readonly gasUsed: bigint;
  readonly input: `0x${string}`;
  readonly output?: `0x${string}` | undefined;
  readonly error?: string | undefined;
  readonly revertReason?: string | undefined;
  readonly calls?: readonly CallFrame[] | undefined;
}

export const CallFrame: z.ZodMiniType<CallFrame> = z.object({
  type: z.string().check(z.maxLength(32)),
  from: address,
  to: z.optional(address),
  value: z.optional(quantity),
  gasUsed: quantity,
  input: hex,
  output: z.optional(hex),
  error: z.optional(z.string()),
  revertReason: z.optional(z.string()),
  get calls() {
    return z.optional(list(CallFrame));
  },
}) as unknown as z.ZodMiniType<CallFrame>;
