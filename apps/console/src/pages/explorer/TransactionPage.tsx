import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { abiOf, contractAbiQuery } from "../../api/contracts.ts";
import type { Hex } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { blockQuery } from "../../chain/blocks.ts";
import { decodeCall, decodeCallOf, decodeLog } from "../../chain/decode.ts";
import { formatDate, formatEther, formatGwei, formatInteger, shortHash } from "../../chain/format.ts";
import type { Log, Receipt, Transaction } from "../../chain/shapes.ts";
import { transactionQuery } from "../../chain/transactions.ts";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AddressLink } from "./AddressLink.tsx";
import { callName, DecodedArguments } from "./Decoded.tsx";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { FinalityRungs } from "./FinalityRungs.tsx";
import { TokenAmount } from "./TokenAmount.tsx";
import { Trace } from "./trace/Trace.tsx";
import "./explorer.css";

const LOGS_SHOWN_MAX = 100;

export function TransactionPage() {
  const { hash: given } = useParams({ from: "/member/teams/$team/rollups/$rollup/explorer/transactions/$hash" });
  const { rpc, heads, rollup } = useRollup();
  const hash = given.toLowerCase();
  const valid = /^0x[0-9a-f]{64}$/.test(hash);
  const { data, isPending, error } = useQuery({ ...transactionQuery(rpc, heads.key, hash), enabled: valid });
  useTitle(`Transaction ${shortHash(hash)}`, rollup.name);

  if (error !== null) return <ErrorNotice error={error} />;
  if (!valid || data === null) {
    return (
      <div className="card">
        <Empty whole title="No such transaction is known">
          If it was sent a moment ago, it may have been refused or replaced. This page looks again by itself.
        </Empty>
      </div>
    );
  }
  if (isPending || data === undefined) return <Loading lines={8} />;
  const { transaction, receipt } = data;
  return (
    <>
      <ExplorerHead title="Transaction">
        <div className="row">
          <Status receipt={receipt} />
          <Hash value={hash} what="transaction hash" full />
        </div>
      </ExplorerHead>
      <FinalityRungs id={hash} blockNumber={receipt?.blockNumber ?? null} />
      <Facts transaction={transaction} receipt={receipt} />
      <CallSection transaction={transaction} />
      {receipt === null ? null : <Trace hash={hash} />}
      {receipt === null ? null : <Logs logs={receipt.logs} />}
    </>
  );
}

/** What was asked of the called contract: by its verified source, else by what its selector is known to mean. */
function CallSection({ transaction }: { readonly transaction: Transaction }) {
  const abi = useVerifiedAbi(transaction.input.length >= 10 ? transaction.to : null);
  const own = decodeCallOf(abi, transaction.input);
  const decoded = own ?? decodeCall(transaction.input);
  return (
    <section className="card" aria-labelledby="call-title">
      <div className="card-head">
        <h2 id="call-title">Call</h2>
        <span className="small quiet">
          {decoded === undefined
            ? transaction.input.length > 2
              ? "not decoded: unknown function"
              : "no data"
            : own === undefined
              ? "decoded by its selector"
              : "decoded by the verified source"}
        </span>
      </div>
      <div className="card-body stack">
        <strong className="mono breakable">
          {transaction.to === null ? "creation" : callName(decoded, transaction.input)}
        </strong>
        {decoded === undefined ? null : <DecodedArguments decoded={decoded} />}
        {transaction.input.length > 2 ? (
          <details>
            <summary className="quiet">Data, {formatInteger(transaction.input.length / 2 - 1)} bytes</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
            <pre className="code" tabIndex={0}>
              {transaction.input}
            </pre>
          </details>
        ) : null}
      </div>
    </section>
  );
}

/** A contract's verified functions and events; empty while they are not known. */
function useVerifiedAbi(address: Hex | null) {
  const { params } = useRollup();
  const query = contractAbiQuery(params.team, params.rollup, address ?? "0x");
  return abiOf(useQuery({ ...query, enabled: address !== null }).data);
}

function Status({ receipt }: { readonly receipt: Receipt | null }) {
  if (receipt === null) return <span className="badge accent">Waiting</span>;
  return receipt.status === 0 ? (
    <span className="badge bad">Failed</span>
  ) : (
    <span className="badge good">Succeeded</span>
  );
}

function Facts({ transaction, receipt }: { readonly transaction: Transaction; readonly receipt: Receipt | null }) {
  const { rpc, heads } = useRollup();
  const number = receipt?.blockNumber;
  const { data: block } = useQuery({ ...blockQuery(rpc, heads.key, String(number)), enabled: number !== undefined });
  const price = receipt?.effectiveGasPrice ?? transaction.gasPrice;
  const fee = receipt === null || price === undefined ? undefined : receipt.gasUsed * price + (receipt.l1Fee ?? 0n);
  return (
    <section className="card" aria-label="Facts">
      <dl className="facts">
        <div>
          <dt>Block</dt>
          <dd>
            {number === undefined ? "not in a block yet" : <BlockLink number={number} />}
            {block ? <span className="quiet">, {formatDate(block.timestamp * 1000)}</span> : null}
          </dd>
        </div>
        <div>
          <dt>From</dt>
          <dd>
            <AddressLink address={transaction.from} full />
          </dd>
        </div>
        <div>
          <dt>{transaction.to === null ? "Creates" : "To"}</dt>
          <dd>
            {transaction.to !== null ? (
              <AddressLink address={transaction.to} full />
            ) : receipt?.contractAddress ? (
              <AddressLink address={receipt.contractAddress} full />
            ) : (
              "a contract"
            )}
          </dd>
        </div>
        <div>
          <dt>Value</dt>
          <dd>{formatEther(transaction.value, 18)} ETH</dd>
        </div>
        {transaction.mint === undefined || transaction.mint === null ? null : (
          <div>
            <dt>Deposited</dt>
            <dd>{formatEther(transaction.mint, 18)} ETH from the settlement chain</dd>
          </div>
        )}
        <div>
          <dt>Fee</dt>
          <dd>
            {fee === undefined ? "-" : `${formatEther(fee, 18)} ETH`}
            {receipt?.l1Fee ? (
              <span className="quiet">
                , of it {formatEther(receipt.l1Fee, 18)} ETH for data on the settlement chain
              </span>
            ) : null}
          </dd>
        </div>
        <div>
          <dt>Gas</dt>
          <dd>
            {receipt === null ? "-" : formatInteger(receipt.gasUsed)} of {formatInteger(transaction.gas)}
            {price === undefined ? null : <span className="quiet">, at {formatGwei(price)} gwei</span>}
          </dd>
        </div>
        <div>
          <dt>Nonce</dt>
          <dd>{transaction.nonce}</dd>
        </div>
      </dl>
    </section>
  );
}

function Logs({ logs }: { readonly logs: readonly Log[] }) {
  return (
    <section className="card" aria-labelledby="logs-title">
      <div className="card-head">
        <h2 id="logs-title">
          {formatInteger(logs.length)} {logs.length === 1 ? "event" : "events"}
        </h2>
      </div>
      {logs.length === 0 ? <p className="card-body quiet">No contract wrote an event.</p> : null}
      {logs.slice(0, LOGS_SHOWN_MAX).map((log) => (
        <LogItem key={log.logIndex} log={log} />
      ))}
      {logs.length > LOGS_SHOWN_MAX ? (
        <p className="card-body quiet">
          The first {LOGS_SHOWN_MAX} of {formatInteger(logs.length)} are shown.
        </p>
      ) : null}
    </section>
  );
}

function LogItem({ log }: { readonly log: Log }) {
  const abi = useVerifiedAbi(log.address);
  const decoded = decodeLog(log, abi);
  const amount = decoded?.arguments.find(({ name, type }) => name === "value" && type === "uint256")?.value;
  return (
    <div className="log">
      <div className="row spread">
        <span className="row">
          <span className="faint">{log.logIndex}</span>
          <strong className="mono breakable">{decoded?.name ?? log.topics[0]?.slice(0, 10) ?? "anonymous"}</strong>
          {decoded?.name === "Transfer" && typeof amount === "bigint" ? (
            <TokenAmount token={log.address} amount={amount} />
          ) : null}
        </span>
        <AddressLink address={log.address} />
      </div>
      {decoded === undefined ? (
        <dl className="arguments">
          {log.topics.map((topic, index) => (
            <div key={`topic-${index + 1}`} className="contents">
              <dt>topic {index}</dt>
              <dd className="mono">{topic}</dd>
            </div>
          ))}
          <div className="contents">
            <dt>data</dt>
            <dd className="mono">{log.data.length > 2_050 ? `${log.data.slice(0, 2_050)}…` : log.data}</dd>
          </div>
        </dl>
      ) : (
        <DecodedArguments decoded={decoded} />
      )}
    </div>
  );
}
