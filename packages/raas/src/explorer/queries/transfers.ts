import type { Selectable } from "kysely";
import type { Hex } from "../../spec/primitives.ts";
import type { IndexDatabase, IndexTables } from "../tables.ts";
import { blockOf, bytesOf, hexOf, placeOf } from "../tables.ts";
import type { IndexPage } from "./page.ts";
import { below, cursorOf, listed } from "./page.ts";

export const transferView = (row: Selectable<IndexTables["transfers"]> & { readonly hash: Uint8Array }) => ({
  transactionHash: hexOf(row.hash),
  logIndex: placeOf(row.id),
  blockNumber: blockOf(row.id),
  token: hexOf(row.token),
  from: hexOf(row.sender),
  to: hexOf(row.receiver),
  value: row.value,
  kind: row.kind,
});

export const transferColumns = (db: IndexDatabase) =>
  db
    .selectFrom("transfers")
    .innerJoin("transactions", "transactions.id", "transfers.transaction_id")
    .selectAll("transfers")
    .select("transactions.hash as hash");

/** Newest first. */
export async function listTransfers(
  db: IndexDatabase,
  by: { readonly token: Hex } | { readonly address: Hex },
  { limit, cursor }: IndexPage,
) {
  const before = below(cursor);
  const rows =
    "token" in by
      ? await transferColumns(db)
          .where("transfers.token", "=", bytesOf(by.token))
          .where("transfers.id", "<", before)
          .orderBy("transfers.id", "desc")
          .limit(limit + 1)
          .execute()
      : await transferColumns(db)
          .innerJoin("transfer_parties", "transfer_parties.transfer_id", "transfers.id")
          .where("transfer_parties.address", "=", bytesOf(by.address))
          .where("transfer_parties.transfer_id", "<", before)
          .orderBy("transfer_parties.transfer_id", "desc")
          .limit(limit + 1)
          .execute();
  return listed(rows, limit, transferView, ({ id }) => cursorOf(id));
}
