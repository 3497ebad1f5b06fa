import { z } from "zod";
import { RaasError } from "../errors.ts";
import { type Call, type Outcome, rpcOutcomes } from "../rpc-batch.ts";
import type { Hex } from "../spec/primitives.ts";
import { type InternalCall, internalCallsOf, traceSchema } from "./internal-calls.ts";

/** What the index reads of a node's blocks. Our own node answers, and yet it is checked. */
const hex = z.string().regex(/^0x[0-9a-f]*$/) as unknown as z.ZodType<Hex, string>;
const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex, string>;
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,13}$/)
  .transform((text) => Number(text));
const wei = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/)
  .transform((text) => BigInt(text));
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .toLowerCase() as unknown as z.ZodType<Hex, string>;

const transactionSchema = z.object({
  hash,
  from: address,
  to: address.nullable().optional(),
  value: wei,
  input: hex,
  type: quantity,
});
const headerSchema = z.object({
  number: quantity,
  hash,
  parentHash: hash,
  timestamp: quantity,
  gasUsed: quantity,
  gasLimit: quantity,
  baseFeePerGas: wei.optional(),
  size: quantity,
});
const blockSchema = headerSchema.extend({ transactions: z.array(transactionSchema) });
const slimBlockSchema = headerSchema.extend({ transactions: z.array(hash) });
const receiptSchema = z.object({
  transactionHash: hash,
  status: quantity,
  gasUsed: wei,
  effectiveGasPrice: wei.optional(),
  l1Fee: wei.nullable().optional(),
  contractAddress: address.nullable().optional(),
  logs: z.array(z.object({ address, topics: z.array(hash).max(4), data: hex, logIndex: quantity })),
});

export type ChainBlock = z.output<typeof blockSchema>;
export type ChainReceipt = z.output<typeof receiptSchema>;
export interface ChainBlockData {
  readonly block: ChainBlock;
  readonly receipts: readonly ChainReceipt[];
  /** Of each transaction; null where the node could not trace the block. */
  readonly calls: readonly (readonly InternalCall[])[] | null;
}

/** An answer of ours holds at most 25 MB; a stranger's node that sends more is not read. */
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;
/** Transactions asked for at once where a block is too large for one answer. */
const PIECE = 400;
/** Gas of a transaction that runs no code. */
const PLAIN_GAS = 21_000n;
/** The account that writes the L1's attributes into every block (OP Stack specification, "L1 attributes deposited transaction"). */
const ATTRIBUTES_DEPOSITOR = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";
/** JSON-RPC's code for "ask later". */
const BUSY = -32005;
/** Codes of what asking again does not change: an unknown method, an answer too large, a state that is gone (EIP-4444). */
const LASTING = new Set([-32601, -32003, 4444]);

const ask = ({ rpcUrl, headers }: ChainSource, calls: readonly Call[]) =>
  rpcOutcomes(rpcUrl, calls, { headers, maxBytes: ANSWER_MAX_BYTES });
const results = async (source: ChainSource, calls: readonly Call[]) =>
  (await ask(source, calls)).map(({ result }) => result);

const tag = (number: number) => `0x${number.toString(16)}`;

/** Where blocks are read, and how one asks there. */
export interface ChainSource {
  readonly rpcUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Span {
  readonly first: number;
  readonly last: number;
  /** Whether a trace that fails is worth another try, instead of being done without. */
  readonly patient: boolean;
}

/** The blocks of a span with their receipts and internal calls, as far as the node has them. @throws RaasError `UPSTREAM` */
export async function readBlocks(
  source: ChainSource,
  { first, last, patient }: Span,
): Promise<readonly ChainBlockData[]> {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const outcomes = await ask(
    source,
    numbers.flatMap((number): Call[] => [
      ["eth_getBlockByNumber", [tag(number), true]],
      ["eth_getBlockReceipts", [tag(number)]],
    ]),
  );
  const blocks: Omit<ChainBlockData, "calls">[] = [];
  for (const [index, number] of numbers.entries()) {
    const [block, receipts] = [outcomes[index * 2]!, outcomes[index * 2 + 1]!];
    const failed = block.error ?? receipts.error;
    // Too large for one answer; after another block it gets an answer of its own next time.
    const read =
      failed === undefined ? wholeBlock(block, receipts) : index === 0 ? await inPieces(source, number) : null;
    if (read === null) break;
    blocks.push(read);
  }
  const traces = await tracesOf(source, blocks, patient);
  return blocks.map((data) => ({ ...data, calls: traces.get(data.block.hash) ?? null }));
}

function wholeBlock(blockOutcome: Outcome, receiptsOutcome: Outcome): Omit<ChainBlockData, "calls"> | null {
  if (blockOutcome.result === null || receiptsOutcome.result === null) return null;
  const block = blockSchema.parse(blockOutcome.result);
  return matching(block, z.array(receiptSchema).parse(receiptsOutcome.result));
}

/** Between two questions the head may have changed. */
function matching(block: ChainBlock, receipts: readonly ChainReceipt[]): Omit<ChainBlockData, "calls"> | null {
  const match =
    receipts.length === block.transactions.length &&
    receipts.every(({ transactionHash }, index) => transactionHash === block.transactions[index]!.hash);
  return match ? { block, receipts } : null;
}

/** A block by its transactions, some at a time. @throws RaasError `UPSTREAM` */
async function inPieces(source: ChainSource, number: number): Promise<Omit<ChainBlockData, "calls"> | null> {
  const [answer] = await results(source, [["eth_getBlockByNumber", [tag(number), false]]]);
  if (answer === null) return null;
  const { transactions: hashes, ...header } = slimBlockSchema.parse(answer);
  const transactions: z.output<typeof transactionSchema>[] = [];
  const receipts: ChainReceipt[] = [];
  for (let start = 0; start < hashes.length; start += PIECE) {
    const piece = hashes.slice(start, start + PIECE);
    const answers = await results(
      source,
      piece.flatMap((each): Call[] => [
        ["eth_getTransactionByHash", [each]],
        ["eth_getTransactionReceipt", [each]],
      ]),
    );
    if (answers.includes(null)) return null;
    for (let at = 0; at < answers.length; at += 2) {
      transactions.push(transactionSchema.parse(answers[at]));
      receipts.push(receiptSchema.parse(answers[at + 1]));
    }
  }
  return matching({ ...header, transactions }, receipts);
}

/** Whether a block can hold internal calls: most blocks of a quiet chain need no trace. */
function mayCallInside(block: ChainBlock, receipts: readonly ChainReceipt[]): boolean {
  return block.transactions.some(({ from }, at) => {
    const { status, gasUsed } = receipts[at]!;
    return status === 1 && gasUsed > PLAIN_GAS && from !== ATTRIBUTES_DEPOSITOR;
  });
}

type Calls = ChainBlockData["calls"];

/** Internal calls by block hash. The hash pins the block: what is traced is what was read. @throws RaasError `UPSTREAM` when it may work later */
async function tracesOf(
  source: ChainSource,
  blocks: readonly Omit<ChainBlockData, "calls">[],
  patient: boolean,
): Promise<Map<Hex, Calls>> {
  const traces = new Map<Hex, Calls>();
  for (const { block, receipts } of blocks) {
    if (!mayCallInside(block, receipts)) {
      traces.set(
        block.hash,
        receipts.map(() => []),
      );
      continue;
    }
    // One at a time: a block's trace may fill an answer.
    const [outcome] = await ask(source, [["debug_traceBlockByHash", [block.hash, { tracer: "callTracer" }]]]);
    const { result, error } = outcome!;
    if (error !== undefined && (error.code === BUSY || (patient && !LASTING.has(error.code))))
      throw new RaasError("UPSTREAM", `the node cannot trace block ${block.number} now: ${error.message}`);
    traces.set(block.hash, error === undefined ? callsOf(block, receipts, result) : null);
  }
  return traces;
}

function callsOf(block: ChainBlock, receipts: readonly ChainReceipt[], answer: unknown): Calls {
  const trace = traceSchema.safeParse(answer);
  if (!trace.success || trace.data.length !== receipts.length) return null;
  if (trace.data.some(({ txHash }, at) => txHash !== block.transactions[at]!.hash)) return null;
  return trace.data.map(({ result }, at) => (receipts[at]!.status === 1 ? internalCallsOf(result) : []));
}

/** The node's head, and the hash of its block `number` (null where there is none), asked at once. @throws RaasError `UPSTREAM` */
export async function headAndHash(
  source: ChainSource,
  number: number,
): Promise<{ readonly head: number; readonly hash: Hex | null }> {
  const [head, block] = await results(source, [
    ["eth_blockNumber", []],
    ["eth_getBlockByNumber", [tag(number), false]],
  ]);
  if (typeof head !== "string") throw new RaasError("UPSTREAM", "the node does not tell its head");
  return { head: quantity.parse(head), hash: z.object({ hash }).nullable().parse(block)?.hash ?? null };
}
