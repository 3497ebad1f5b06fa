import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { indexedTransactionsQuery } from "../../api/explorer.ts";
import { useTitle } from "../../app/use-title.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { listed } from "./AccountTransactions.tsx";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { ExplorerTabs } from "./ExplorerTabs.tsx";
import "./explorer.css";
import { IndexList } from "./IndexList.tsx";
import { TransactionTable } from "./TransactionTable.tsx";

/** Every transaction, newest first. What the system itself puts into each block is left out unless asked for. */
export function TransactionsPage() {
  const { params, rollup } = useRollup();
  const { deposits = false } = useSearch({ from: "/member/teams/$team/rollups/$rollup/explorer/transactions" });
  const navigate = useNavigate();
  const list = useInfiniteQuery(indexedTransactionsQuery(params.team, params.rollup, deposits));
  useTitle("Transactions", rollup.name);
  return (
    <>
      <ExplorerHead title="Transactions">
        <p className="quiet">What users sent, from the rollup's index.</p>
      </ExplorerHead>
      <ExplorerTabs />
      <IndexList
        title="Newest"
        empty="No transactions yet"
        list={list}
        action={
          <label className="check">
            <input
              type="checkbox"
              checked={deposits}
              onChange={({ target: { checked } }) =>
                void navigate({
                  to: "/teams/$team/rollups/$rollup/explorer/transactions",
                  params,
                  search: checked ? { deposits: true } : {},
                  replace: true,
                })
              }
            />
            With deposits and the system's own
          </label>
        }
      >
        {(items) => <TransactionTable label="Transactions" items={items.map(listed)} />}
      </IndexList>
    </>
  );
}
