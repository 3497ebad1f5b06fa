import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useTitle } from "../../app/use-title.ts";
import { blockQuery } from "../../chain/blocks.ts";
import { decodeCall } from "../../chain/decode.ts";
import { formatBytes, formatDate, formatGwei, formatInteger } from "../../chain/format.ts";
import type { Transaction } from "../../chain/shapes.ts";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { Ago } from "../../ui/Time.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { callName } from "./Decoded.tsx";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { FinalityRungs } from "./FinalityRungs.tsx";
import type { ListedTransaction } from "./TransactionTable.tsx";
import { TransactionTable } from "./TransactionTable.tsx";
import "./explorer.css";

const SHOWN_MAX = 200;

export function BlockPage() {
  const { block: id } = useParams({ from: "/member/teams/$team/rollups/$rollup/explorer/blocks/$block" });
  const { params, rpc, heads, rollup } = useRollup();
  const valid = /^(\d{1,15}|0x[0-9a-f]{64})$/i.test(id);
  const { data: block, isPending, error } = useQuery({ ...blockQuery(rpc, heads.key, id), enabled: valid });
  useTitle(`Block ${block?.number ?? id.slice(0, 20)}`, rollup.name);

  if (error !== null) return <ErrorNotice error={error} />;
  if (!valid || block === null) {
    return (
      <div className="card">
        <Empty whole title="There is no such block">
          It may not be made yet, or was replaced when the chain reorganised.
        </Empty>
      </div>
    );
  }
  if (isPending || block === undefined) return <Loading lines={8} />;
  const blockRoute = "/teams/$team/rollups/$rollup/explorer/blocks/$block" as const;
  return (
    <>
      <ExplorerHead title={`Block ${formatInteger(block.number)}`}>
        <div className="row">
          {block.number === 0 ? null : (
            <Link
              to={blockRoute}
              params={{ ...params, block: String(block.number - 1) }}
              className="button mini icon"
              aria-label="Previous block"
            >
              <ChevronLeft size={14} aria-hidden="true" />
            </Link>
          )}
          <Link
            to={blockRoute}
            params={{ ...params, block: String(block.number + 1) }}
            className="button mini icon"
            aria-label="Next block"
          >
            <ChevronRight size={14} aria-hidden="true" />
          </Link>
          <span className="quiet">
            <Ago ms={block.timestamp * 1000} />
          </span>
        </div>
      </ExplorerHead>
      <FinalityRungs id={block.hash} blockNumber={block.number} />
      <section className="card" aria-label="Facts">
        <dl className="facts">
          <div>
            <dt>Hash</dt>
            <dd>
              <Hash value={block.hash} what="block hash" full />
            </dd>
          </div>
          <div>
            <dt>Parent</dt>
            <dd>
              <Hash value={block.parentHash} what="parent's hash" full to={block.number === 0 ? undefined : "block"} />
            </dd>
          </div>
          <div>
            <dt>Time</dt>
            <dd>{formatDate(block.timestamp * 1000)}</dd>
          </div>
          <div>
            <dt>Gas</dt>
            <dd>
              {formatInteger(block.gasUsed)} of {formatInteger(block.gasLimit)}
            </dd>
          </div>
          <div>
            <dt>Base fee</dt>
            <dd>{block.baseFeePerGas === undefined ? "none" : `${formatGwei(block.baseFeePerGas)} gwei`}</dd>
          </div>
          <div>
            <dt>Size</dt>
            <dd>{block.size === undefined ? "unknown" : formatBytes(block.size)}</dd>
          </div>
          <div>
            <dt>State root</dt>
            <dd>
              <Hash value={block.stateRoot} what="state root" full />
            </dd>
          </div>
        </dl>
      </section>
      <section className="card" aria-labelledby="transactions-title">
        <div className="card-head">
          <h2 id="transactions-title">
            {formatInteger(block.transactions.length)}{" "}
            {block.transactions.length === 1 ? "transaction" : "transactions"}
          </h2>
        </div>
        {block.transactions.length === 0 ? (
          <Empty title="No transactions in this block" />
        ) : (
          <TransactionTable
            label="Transactions of the block"
            items={block.transactions.slice(0, SHOWN_MAX).map(listed)}
            ofOneBlock
          />
        )}
        {block.transactions.length > SHOWN_MAX ? (
          <p className="card-body quiet">
            The first {SHOWN_MAX} of {formatInteger(block.transactions.length)} are shown.
          </p>
        ) : null}
      </section>
    </>
  );
}

/** Transactions that came from the settlement chain (OP Stack specification, deposits). */
const DEPOSIT_TYPE = 0x7e;

const listed = (transaction: Transaction): ListedTransaction => ({
  hash: transaction.hash,
  blockNumber: transaction.blockNumber,
  call: transaction.to === null ? "creation" : callName(decodeCall(transaction.input), transaction.input),
  // Only receipts tell.
  failed: false,
  deposit: transaction.type === DEPOSIT_TYPE,
  from: transaction.from,
  to: transaction.to,
  created: null,
  valueWei: transaction.value,
});
