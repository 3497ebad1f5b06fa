import type { Hex } from "../spec/primitives.ts";
import type { ChainBlockData, ChainReceipt } from "./chain-data.ts";
import { blockOf, type IndexRows, idOf } from "./tables.ts";

/** What one block adds to the index, of whatever is only ever added. */
export interface BlockRows {
  readonly block: IndexRows["blocks"];
  readonly transactions: readonly IndexRows["transactions"][];
  readonly calls: readonly IndexRows["internal_calls"][];
  readonly transfers: readonly IndexRows["transfers"][];
}

/** keccak256("Transfer(address,address,uint256)"), of ERC-20 and ERC-721. */
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** Deposits from the L1, the first of every block among them (OP Stack specification, deposits). */
const DEPOSIT_TYPE = 0x7e;

/** A block's rows. Pure. */
export function rowsOf({ block, receipts, calls }: ChainBlockData): BlockRows {
  const { number, hash, parentHash, timestamp, gasUsed, gasLimit, baseFeePerGas, size, transactions } = block;
  const id = (position: number) => idOf(number, position);
  return {
    block: {
      number,
      hash,
      parent_hash: parentHash,
      timestamp,
      transaction_count: transactions.length,
      gas_used: gasUsed,
      gas_limit: gasLimit,
      base_fee: (baseFeePerGas ?? 0n).toString(),
      size,
      calls_captured: calls === null ? 0 : 1,
    },
    transactions: transactions.map((transaction, position) => {
      const receipt = receipts[position]!;
      const receiver = transaction.to ?? null;
      return {
        id: id(position),
        hash: transaction.hash,
        sender: transaction.from,
        receiver,
        created: receipt.contractAddress ?? null,
        value: transaction.value.toString(),
        selector: receiver !== null && transaction.input.length >= 10 ? (transaction.input.slice(0, 10) as Hex) : null,
        status: receipt.status,
        gas_used: Number(receipt.gasUsed),
        fee: feeOf(receipt).toString(),
        type: transaction.type,
        deposit: transaction.type === DEPOSIT_TYPE ? 1 : 0,
      };
    }),
    calls: (calls ?? []).flatMap((inside, position) =>
      inside.map(({ kind, sender, receiver, value }, at) => ({
        transaction_id: id(position),
        position: at,
        kind,
        sender,
        receiver,
        value: value.toString(),
      })),
    ),
    transfers: receipts.flatMap((receipt, position) => transfersOf(receipt, number, id(position))),
  };
}

/** Execution and L1 data. */
const feeOf = ({ gasUsed, effectiveGasPrice, l1Fee }: ChainReceipt): bigint =>
  gasUsed * (effectiveGasPrice ?? 0n) + (l1Fee ?? 0n);

function transfersOf({ logs }: ChainReceipt, block: number, transaction_id: number): IndexRows["transfers"][] {
  return logs.flatMap(({ address, topics, data, logIndex }) => {
    const [signature, from, to, tokenId] = topics;
    if (signature !== TRANSFER || from === undefined || to === undefined) return [];
    const fungible = tokenId === undefined && data.length === 66;
    if (!fungible && tokenId === undefined) return [];
    return [
      {
        id: idOf(block, logIndex),
        transaction_id,
        token: address,
        sender: `0x${from.slice(26)}` as const,
        receiver: `0x${to.slice(26)}` as const,
        value: BigInt(fungible ? data : tokenId!).toString(),
        kind: fungible ? "erc20" : "erc721",
      },
    ];
  });
}

/** What follows from blocks' rows: who is in them, and how often. */
export interface Parties {
  readonly participants: readonly IndexRows["participants"][];
  readonly callParties: readonly IndexRows["internal_parties"][];
  readonly transferParties: readonly IndexRows["transfer_parties"][];
  readonly holdings: readonly IndexRows["holdings"][];
  /** Every address with the block it first appears in here, and its transactions here. */
  readonly addresses: ReadonlyMap<Hex, { readonly first: number; readonly transactions: number }>;
  readonly transfersOfToken: ReadonlyMap<Hex, number>;
}

/** Pure; the same for rows that are added and for rows that are taken back. */
export function partiesOf(blocks: readonly Omit<BlockRows, "block">[]): Parties {
  const participants: IndexRows["participants"][] = [];
  const callParties: IndexRows["internal_parties"][] = [];
  const transferParties: IndexRows["transfer_parties"][] = [];
  const holdings = new Map<string, IndexRows["holdings"]>();
  const addresses = new Map<Hex, { first: number; transactions: number }>();
  const transfersOfToken = new Map<Hex, number>();
  const see = (address: Hex, id: number, transactions: number) => {
    const known = addresses.get(address);
    if (known === undefined) addresses.set(address, { first: blockOf(id), transactions });
    else known.transactions += transactions;
  };
  for (const { transactions, calls, transfers } of blocks) {
    for (const { id, sender, receiver, created } of transactions) {
      for (const address of new Set([sender, receiver, created])) {
        if (address === null) continue;
        participants.push({ address, transaction_id: id });
        see(address, id, 1);
      }
    }
    for (const { transaction_id, position, sender, receiver } of calls) {
      for (const address of new Set([sender, receiver])) {
        callParties.push({ address, transaction_id, position });
        see(address, transaction_id, 0);
      }
    }
    for (const { id, token, sender, receiver } of transfers) {
      transfersOfToken.set(token, (transfersOfToken.get(token) ?? 0) + 1);
      for (const address of new Set([sender, receiver])) {
        transferParties.push({ address, transfer_id: id });
        const pair = `${address}${token}`;
        if (!holdings.has(pair)) holdings.set(pair, { address, token, first_block: blockOf(id) });
        see(address, id, 0);
      }
    }
  }
  return { participants, callParties, transferParties, holdings: [...holdings.values()], addresses, transfersOfToken };
}
