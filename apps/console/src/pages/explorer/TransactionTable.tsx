import type { Hex } from "../../api/types.ts";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { AddressLink } from "./AddressLink.tsx";
import { addressColumn, blockColumn, etherColumn, transactionColumn } from "./columns.tsx";

/** A transaction as a list shows it, whether the node told of it or the index. */
export interface ListedTransaction {
  readonly hash: Hex;
  readonly blockNumber: number | null;
  /** Name of the function, or its selector. */
  readonly call: string;
  readonly failed: boolean;
  readonly deposit: boolean;
  readonly from: Hex;
  readonly to: Hex | null;
  /** The contract that it made, where that is known. */
  readonly created: Hex | null;
  readonly valueWei: bigint;
}

const COLUMNS: readonly Column<ListedTransaction>[] = [
  transactionColumn(({ hash }) => hash),
  blockColumn(({ blockNumber }) => blockNumber ?? 0),
  {
    title: "Call",
    cell: ({ call, failed, deposit }) => (
      <span className="row">
        <code>{call}</code>
        {failed ? <span className="badge bad">failed</span> : null}
        {deposit ? <span className="badge">deposit</span> : null}
      </span>
    ),
  },
  addressColumn("From", ({ from }) => from),
  {
    title: "To",
    cell: ({ to, created }) =>
      to !== null ? (
        <AddressLink address={to} />
      ) : (
        <span className="row">
          <span className="quiet">new contract</span>
          {created === null ? null : <AddressLink address={created} />}
        </span>
      ),
  },
  etherColumn(({ valueWei }) => valueWei),
];
const OF_ONE_BLOCK = COLUMNS.filter(({ title }) => title !== "Block");

export const TransactionTable = (props: {
  readonly label: string;
  readonly items: readonly ListedTransaction[];
  /** All are of one block, which the page names. */
  readonly ofOneBlock?: boolean;
}) => (
  <DataTable
    label={props.label}
    columns={props.ofOneBlock ? OF_ONE_BLOCK : COLUMNS}
    items={props.items}
    keyOf={({ hash }) => hash}
  />
);
