import { claimCalls } from "@altlayer/sdk";
import { useQuery } from "@tanstack/react-query";
import { formatUnits, plainText, shortHash } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { rewardsQuery } from "../../staking/queries.ts";
import { useCalls } from "../../staking/use-calls.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { CallSteps } from "./CallSteps.tsx";
import { WEIGHT_DECIMALS } from "./ServiceFigures.tsx";

/** What was earned and not claimed yet. */
export function Rewards({ restaking, connected }: { readonly restaking: Restaking; readonly connected: Connected }) {
  const { data, error } = useQuery(rewardsQuery(restaking, connected.account));
  const calls = useCalls(connected, restaking);
  const { account } = connected;
  const who = { ...restaking.service, earner: account, recipient: account };
  return (
    <section className="card" aria-labelledby="rewards-title">
      <div className="card-head">
        <h2 id="rewards-title">Rewards</h2>
      </div>
      <div className="card-body stack">
        {error !== null ? (
          <ErrorNotice error={error} />
        ) : data === undefined ? (
          <p className="quiet">Looking</p>
        ) : data === null ? (
          <p className="quiet">
            The rewards root on this network is not made from this chain alone: claim with the proof of who made it, by{" "}
            <code>altlayer stake claim --proof</code>.
          </p>
        ) : data.length === 0 ? (
          <p className="quiet">Nothing to claim. Operators and those who delegate to them earn by certified reports.</p>
        ) : (
          <>
            {data.map(({ token, amount }) => {
              const known = restaking.service.strategies.find((each) => each.token === token);
              return (
                <strong key={token}>
                  {formatUnits(amount, known?.decimals ?? WEIGHT_DECIMALS, 6)}{" "}
                  {known === undefined ? shortHash(token) : plainText(known.symbol, 16)}
                </strong>
              );
            })}
            <div>
              <Button tone="primary" busy={calls.busy} onClick={() => calls.run(() => claimCalls(who, restaking.l1))}>
                Claim
              </Button>
            </div>
          </>
        )}
        <CallSteps calls={calls} failed="Not claimed" />
      </div>
    </section>
  );
}
