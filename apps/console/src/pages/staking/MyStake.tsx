import { useQuery } from "@tanstack/react-query";
import { formatUnits, plainText } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { stakeQuery } from "../../staking/queries.ts";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { Delegate } from "./Delegate.tsx";
import { DepositStake } from "./DepositStake.tsx";
import { Rewards } from "./Rewards.tsx";
import { Waiting } from "./Waiting.tsx";
import { WithdrawStake } from "./WithdrawStake.tsx";

/** The connected account's stake, and what it can do with it. */
export function MyStake({ restaking, connected }: { readonly restaking: Restaking; readonly connected: Connected }) {
  const { data: stake, error } = useQuery(stakeQuery(restaking, connected.account));
  if (error !== null) return <ErrorNotice error={error} title="Your stake could not be read" />;
  if (stake === undefined) return <Loading lines={3} />;
  const shared = { restaking, connected, stake };
  return (
    <>
      <section aria-labelledby="mine-title" className="stack">
        <h2 id="mine-title">My stake</h2>
        <dl className="figures">
          <div>
            <dt>Account</dt>
            <dd>
              <Hash value={connected.account} what="your address" />
            </dd>
          </div>
          <div>
            <dt>Delegated to</dt>
            <dd>
              {stake.delegatedTo === null ? "nobody" : <Hash value={stake.delegatedTo} what="operator's address" />}
            </dd>
          </div>
          {stake.positions.map(({ strategy, symbol, decimals, deposited, balance }) => (
            <div key={strategy}>
              <dt>{plainText(symbol, 16)} deposited</dt>
              <dd>
                {formatUnits(deposited, decimals, 4)}{" "}
                <small>and {formatUnits(balance, decimals, 4)} in the wallet</small>
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <div className="forms">
        <DepositStake {...shared} />
        <Delegate {...shared} />
        <WithdrawStake {...shared} />
        <Rewards restaking={restaking} connected={connected} />
      </div>
      <Waiting {...shared} />
    </>
  );
}
