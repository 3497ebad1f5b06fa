import type { Selectable } from "kysely";
import { sql } from "kysely";
import { RaasError } from "../../errors.ts";
import type { Hex } from "../../spec/primitives.ts";
import type { IndexDatabase, IndexTables } from "../tables.ts";
import { blockOf, bytesOf, hexOf, idOf, PLACES, placeOf } from "../tables.ts";
import type { IndexPage } from "./page.ts";
import { below, cursorOf, listed, notOurs } from "./page.ts";
import { transferColumns, transferView } from "./transfers.ts";

/** A transaction and what its block tells of it. */
type TransactionRow = Selectable<IndexTables["transactions"]> & {
  readonly block_hash: Uint8Array;
  readonly timestamp: number;
};

const orNull = (bytes: Uint8Array | null): Hex | null => (bytes === null ? null : hexOf(bytes));

const transactionView = (row: TransactionRow) => ({
  hash: hexOf(row.hash),
  blockNumber: blockOf(row.id),
  blockHash: hexOf(row.block_hash),
  index: placeOf(row.id),
  timestamp: row.timestamp,
  from: hexOf(row.sender),
  to: orNull(row.receiver),
  created: orNull(row.created),
  valueWei: row.value,
  selector: orNull(row.selector),
  status: row.status,
  gasUsed: row.gas_used,
  feeWei: row.fee,
  type: row.type,
  deposit: row.deposit === 1,
});

const COLUMNS = sql`t.*, b.hash as block_hash, b.timestamp as timestamp`;
/** The block of a transaction, by the block's own key. */
const BLOCK = sql`join blocks b on b.number = t.id / ${sql.lit(PLACES)}`;

export async function listTransactions(
  db: IndexDatabase,
  page: IndexPage & { readonly block?: number; readonly deposits: boolean },
) {
  const { limit, cursor, block, deposits } = page;
  const before = below(cursor);
  const [from, to] = block === undefined ? [0, before] : [idOf(block, 0), Math.min(before, idOf(block + 1, 0))];
  const { rows } = await sql<TransactionRow>`select ${COLUMNS} from transactions t ${BLOCK}
    where t.id >= ${from} and t.id < ${to} ${deposits ? sql`` : sql`and t.deposit = 0`}
    order by t.id desc limit ${limit + 1}`.execute(db);
  return listed(rows, limit, transactionView, ({ id }) => cursorOf(id));
}

export async function addressTransactions(db: IndexDatabase, address: Hex, { limit, cursor }: IndexPage) {
  const { rows } = await sql<TransactionRow>`select ${COLUMNS} from participants p
    join transactions t on t.id = p.transaction_id ${BLOCK}
    where p.address = ${bytesOf(address)} and p.transaction_id < ${below(cursor)}
    order by p.transaction_id desc limit ${limit + 1}`.execute(db);
  return listed(rows, limit, transactionView, ({ id }) => cursorOf(id));
}

/** With its token transfers and internal calls; those are null where they could not be captured. @throws RaasError `NOT_FOUND` */
export async function findTransaction(db: IndexDatabase, hash: Hex) {
  const { rows } = await sql<TransactionRow & { readonly calls_captured: number }>`
    select ${COLUMNS}, b.calls_captured as calls_captured from transactions t ${BLOCK} where t.hash = ${bytesOf(hash)}`.execute(
    db,
  );
  const row = rows[0];
  if (row === undefined) throw new RaasError("NOT_FOUND", `transaction ${hash} is not in the index`);
  const [transfers, calls] = await Promise.all([
    transferColumns(db)
      .where("transfers.transaction_id", "=", row.id)
      .orderBy("transfers.id")
      .limit(INSIDE_MAX)
      .execute(),
    db
      .selectFrom("internal_calls")
      .selectAll()
      .where("transaction_id", "=", row.id)
      .orderBy("position")
      .limit(INSIDE_MAX)
      .execute(),
  ]);
  return {
    ...transactionView(row),
    transfers: transfers.map(transferView),
    internalCalls: row.calls_captured === 1 ? calls.map((call) => callView({ ...call, hash: row.hash })) : null,
  };
}

/** Most transfers, and most internal calls, that a transaction is shown with. */
const INSIDE_MAX = 1_000;

type CallRow = Selectable<IndexTables["internal_calls"]> & { readonly hash: Uint8Array };

const callView = (row: CallRow) => ({
  transactionHash: hexOf(row.hash),
  blockNumber: blockOf(row.transaction_id),
  position: row.position,
  kind: row.kind,
  from: hexOf(row.sender),
  to: hexOf(row.receiver),
  valueWei: row.value,
});

/** Calls within transactions that moved ether from or to an address, made it, or that it made others by. */
export async function addressInternalCalls(db: IndexDatabase, address: Hex, { limit, cursor }: IndexPage) {
  const match = cursor === undefined ? null : /^(\d{1,9}\.\d{1,7})\.(\d{1,9})$/.exec(cursor);
  if (cursor !== undefined && match === null) throw notOurs();
  const [transaction, position] = [below(match?.[1]), Number(match?.[2] ?? 0)];
  const { rows } = await sql<CallRow>`select c.*, t.hash as hash from internal_parties p
    join internal_calls c on c.transaction_id = p.transaction_id and c.position = p.position
    join transactions t on t.id = p.transaction_id
    where p.address = ${bytesOf(address)} and (p.transaction_id, p.position) < (${transaction}, ${position})
    order by p.transaction_id desc, p.position desc limit ${limit + 1}`.execute(db);
  return listed(rows, limit, callView, (row) => `${cursorOf(row.transaction_id)}.${row.position}`);
}
