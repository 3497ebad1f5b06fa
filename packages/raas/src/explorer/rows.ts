import type { Insertable } from "kysely";
import type { ChainBlockData, ChainReceipt } from "./chain-data.ts";
import type { IndexTables } from "./tables.ts";

export interface BlockRows {
  readonly blocks: Insertable<IndexTables["blocks"]>[];
  readonly transactions: Insertable<IndexTables["transactions"]>[];
  readonly participants: Insertable<IndexTables["participants"]>[];
  readonly addresses: Insertable<IndexTables["addresses"]>[];
  readonly transfers: Insertable<IndexTables["transfers"]>[];
}

/** keccak256("Transfer(address,address,uint256)"), of ERC-20 and ERC-721. */
const TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** Deposits from the L1, the first of every block among them (OP Stack specification, deposits). */
const DEPOSIT_TYPE = 0x7e;

/** What a block adds to the index. Pure. */
export function rowsOf(data: readonly ChainBlockData[]): BlockRows {
  const rows: BlockRows = { blocks: [], transactions: [], participants: [], addresses: [], transfers: [] };
  for (const { block, receipts } of data) {
    const { number, hash, parentHash, timestamp, gasUsed, gasLimit, baseFeePerGas, size } = block;
    rows.blocks.push({
      number,
      hash,
      parent_hash: parentHash,
      timestamp,
      transaction_count: block.transactions.length,
      gas_used: gasUsed,
      gas_limit: gasLimit,
      base_fee: (baseFeePerGas ?? 0n).toString(),
      size,
    });
    const seen = new Set<string>();
    for (const [position, transaction] of block.transactions.entries()) {
      const receipt = receipts[position]!;
      const created = receipt.contractAddress ?? null;
      const receiver = transaction.to ?? null;
      rows.transactions.push({
        hash: transaction.hash,
        block_number: number,
        block_hash: hash,
        position,
        timestamp,
        sender: transaction.from,
        receiver,
        created,
        value: transaction.value.toString(),
        selector: receiver !== null && transaction.input.length >= 10 ? transaction.input.slice(0, 10) : null,
        status: receipt.status,
        gas_used: Number(receipt.gasUsed),
        fee: feeOf(receipt).toString(),
        type: transaction.type,
        deposit: transaction.type === DEPOSIT_TYPE ? 1 : 0,
      });
      const parties = new Set([transaction.from, receiver, created].filter((party) => party !== null));
      for (const address of parties) {
        rows.participants.push({ address, block_number: number, position });
        seen.add(address);
      }
      for (const transfer of transfersOf(receipt, number)) {
        rows.transfers.push(transfer);
        seen.add(transfer.sender).add(transfer.receiver);
      }
    }
    for (const address of seen) rows.addresses.push({ address, first_block: number });
  }
  return rows;
}

/** Execution and L1 data. */
const feeOf = ({ gasUsed, effectiveGasPrice, l1Fee }: ChainReceipt): bigint =>
  gasUsed * (effectiveGasPrice ?? 0n) + (l1Fee ?? 0n);

function transfersOf(
  { logs, transactionHash }: ChainReceipt,
  block_number: number,
): Insertable<IndexTables["transfers"]>[] {
  return logs.flatMap(({ address, topics, data, logIndex }) => {
    const [signature, from, to, id] = topics;
    if (signature !== TRANSFER || from?.length !== 66 || to?.length !== 66) return [];
    const fungible = id === undefined && data.length === 66;
    if (!fungible && id?.length !== 66) return [];
    return [
      {
        block_number,
        log_index: logIndex,
        transaction_hash: transactionHash,
        token: address,
        sender: `0x${from.slice(26)}`,
        receiver: `0x${to.slice(26)}`,
        value: BigInt(fungible ? data : id!).toString(),
        kind: fungible ? "erc20" : "erc721",
      },
    ];
  });
}
