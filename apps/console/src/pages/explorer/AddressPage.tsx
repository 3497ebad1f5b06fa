import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Hex } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { decodeLog } from "../../chain/decode.ts";
import { formatEther, formatInteger, formatUnits, shortHash } from "../../chain/format.ts";
import { headsQuery } from "../../chain/heads.ts";
import { predeployName } from "../../chain/predeploys.ts";
import type { Log } from "../../chain/shapes.ts";
import { accountQuery, LOG_BLOCKS, tokenQuery, transfersQuery } from "../../chain/token.ts";
import { BlockLink, Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AccountTransactions } from "./AccountTransactions.tsx";
import { AddressLink } from "./AddressLink.tsx";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { TokenAmount } from "./TokenAmount.tsx";
import "./explorer.css";

const SHOWN_MAX = 100;

/** An account, a contract or a token. */
export function AddressPage() {
  const { address: given } = useParams({ from: "/member/teams/$team/rollups/$rollup/explorer/addresses/$address" });
  const { rollup } = useRollup();
  const address = given.toLowerCase();
  useTitle(`Address ${shortHash(address)}`, rollup.name);
  if (!/^0x[0-9a-f]{40}$/.test(address)) {
    return (
      <div className="card">
        <Empty whole title="This is no address">
          An address is 0x and 40 hex digits.
        </Empty>
      </div>
    );
  }
  return <Account address={address as Hex} />;
}

function Account({ address }: { readonly address: Hex }) {
  const { rpc, heads: headsOptions } = useRollup();
  const { key } = headsOptions;
  const account = useQuery(accountQuery(rpc, key, address));
  const isContract = account.data !== undefined && account.data.code.length > 2;
  const { data: token } = useQuery({ ...tokenQuery(rpc, key, address), enabled: isContract });
  const { data: heads } = useQuery(headsQuery(rpc, headsOptions));
  const head = heads?.latest.number;
  const transfers = useQuery({
    ...transfersQuery(rpc, key, { head: head ?? 0, ...(token ? { token: address } : { account: address }) }),
    enabled: head !== undefined && account.data !== undefined && (token !== undefined || !isContract),
  });
  if (account.isError) return <ErrorNotice error={account.error} />;
  const name = predeployName(address);
  return (
    <>
      <ExplorerHead
        title={token ? token.name || "Unnamed token" : isContract ? (name ?? "Contract") : (name ?? "Account")}
      >
        <Hash value={address} what="address" full />
      </ExplorerHead>
      {account.data === undefined ? (
        <Loading lines={3} />
      ) : (
        <dl className="figures">
          <div>
            <dt>Balance</dt>
            <dd>
              {formatEther(account.data.balance)} <small>ETH</small>
            </dd>
          </div>
          <div>
            <dt>{isContract ? "Contracts made" : "Transactions sent"}</dt>
            <dd>
              {formatInteger(
                isContract ? (account.data.nonce - 1n < 0n ? 0n : account.data.nonce - 1n) : account.data.nonce,
              )}
            </dd>
          </div>
          {isContract ? (
            <div>
              <dt>Code</dt>
              <dd>
                {formatInteger(account.data.code.length / 2 - 1)} <small>bytes</small>
              </dd>
            </div>
          ) : null}
          {token ? (
            <>
              <div>
                <dt>Symbol</dt>
                <dd>{token.symbol || "-"}</dd>
              </div>
              <div>
                <dt>Total supply</dt>
                <dd>{formatUnits(token.totalSupply, token.decimals, 2)}</dd>
              </div>
            </>
          ) : null}
        </dl>
      )}
      {token ? (
        <p className="small quiet">
          Name and symbol are what the contract says of itself. Anyone can make a token with any name.
        </p>
      ) : null}
      <AccountTransactions address={address} />
      <section className="card" aria-labelledby="transfers-title">
        <div className="card-head">
          <h2 id="transfers-title">Token transfers</h2>
          <span className="small quiet">in the newest {formatInteger(LOG_BLOCKS)} blocks</span>
        </div>
        {transfers.isError ? (
          <div className="card-body">
            <ErrorNotice error={transfers.error} />
          </div>
        ) : transfers.data === undefined ? (
          <Loading lines={3} />
        ) : transfers.data.length === 0 ? (
          <Empty title="No token transfers" />
        ) : (
          <Transfers logs={transfers.data.slice(0, SHOWN_MAX)} />
        )}
      </section>
      {isContract && account.data !== undefined ? (
        <section className="card" aria-labelledby="code-title">
          <div className="card-head">
            <h2 id="code-title">Code</h2>
          </div>
          <div className="card-body">
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
            <pre className="code" tabIndex={0}>
              {account.data.code}
            </pre>
          </div>
        </section>
      ) : null}
    </>
  );
}

function Transfers({ logs }: { readonly logs: readonly Log[] }) {
  return (
    <TableScroll label="Token transfers">
      <table>
        <thead>
          <tr>
            <th scope="col">Block</th>
            <th scope="col">Transaction</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
            <th scope="col" className="number">
              Amount
            </th>
            <th scope="col">Token</th>
          </tr>
        </thead>
        <tbody>
          {logs.map((log) => {
            const decoded = decodeLog(log);
            const value = (name: string) => decoded?.arguments.find((argument) => argument.name === name)?.value;
            const amount = value("value");
            const id = value("tokenId");
            return (
              <tr key={`${log.transactionHash}-${log.logIndex}`}>
                <td>
                  <BlockLink number={log.blockNumber} />
                </td>
                <td>
                  <Hash value={log.transactionHash} what="transaction hash" to="transaction" />
                </td>
                <td>
                  {typeof value("from") === "string" ? (
                    <AddressLink address={String(value("from")).toLowerCase()} />
                  ) : null}
                </td>
                <td>
                  {typeof value("to") === "string" ? <AddressLink address={String(value("to")).toLowerCase()} /> : null}
                </td>
                <td className="number">
                  {typeof amount === "bigint" ? <TokenAmount token={log.address} amount={amount} /> : null}
                  {typeof id === "bigint" ? `#${id}` : null}
                </td>
                <td>
                  <AddressLink address={log.address} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableScroll>
  );
}
