import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Hex } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { formatEther, formatInteger, formatUnits, shortHash } from "../../chain/format.ts";
import { predeployName } from "../../chain/predeploys.ts";
import { accountQuery, tokenQuery } from "../../chain/token.ts";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { AccountTransactions } from "./AccountTransactions.tsx";
import { ContractCard } from "./contract/ContractCard.tsx";
import { ExplorerHead } from "./ExplorerHead.tsx";
import { InternalCalls } from "./InternalCalls.tsx";
import { TokensHeld } from "./TokensHeld.tsx";
import { Transfers } from "./Transfers.tsx";
import "./explorer.css";

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
  const { rpc, heads } = useRollup();
  const { key } = heads;
  const account = useQuery(accountQuery(rpc, key, address));
  const isContract = account.data !== undefined && account.data.code.length > 2;
  const { data: token } = useQuery({ ...tokenQuery(rpc, key, address), enabled: isContract });
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
      <TokensHeld address={address} />
      <AccountTransactions address={address} />
      <InternalCalls address={address} />
      {account.data !== undefined && (token !== undefined || !isContract) ? (
        <Transfers address={address} of={token ? "token" : "account"} />
      ) : null}
      {isContract && account.data !== undefined ? <ContractCard address={address} code={account.data.code} /> : null}
    </>
  );
}
