import type { Stake } from "@altlayer/sdk";
import { depositCalls } from "@altlayer/sdk";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatUnits, plainText } from "../../chain/format.ts";
import { quantity } from "../../chain/shapes.ts";
import type { Restaking } from "../../staking/clients.ts";
import { stakingKey } from "../../staking/queries.ts";
import { useCalls } from "../../staking/use-calls.ts";
import { AmountField } from "../../ui/AmountField.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { readAmount } from "../../ui/read-amount.ts";
import type { Connected } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { CallSteps } from "./CallSteps.tsx";

const BALANCE_MS = 4_000;
/** What of one's ether is left for gas where it is wrapped. */
const GAS_WEI = 10n ** 16n;
/** The one token that anybody with ether can make. */
const WRAPPED_ETHER = "WETH";

interface Props {
  readonly restaking: Restaking;
  readonly connected: Connected;
  readonly stake: Stake;
}

/** Deposits one of the service's tokens into its strategy; WETH is made of ether where there is not enough. */
export function DepositStake({ restaking, connected, stake }: Props) {
  const [chosen, setChosen] = useState(0);
  const [text, setText] = useState("");
  const calls = useCalls(connected, restaking);
  const position = stake.positions[chosen];
  const ether = useEther(restaking, connected);
  if (position === undefined) return null;
  const wraps = position.symbol === WRAPPED_ETHER && ether !== undefined;
  const spendable = wraps && ether > GAS_WEI ? ether - GAS_WEI : 0n;
  const amount = readAmount(text, position, position.balance + spendable);
  const ready = amount !== undefined && "units" in amount;
  const run = () => {
    if (!ready) return;
    const { units } = amount;
    const who = { core: restaking.service.core, staker: connected.account, strategy: position.strategy };
    // Either all of it is wrapped or nothing: what lies there as WETH already is used first where it suffices.
    const wrapEther = wraps && units > position.balance;
    calls.run(
      () => depositCalls({ ...who, amount: units, wrapEther }, restaking.l1),
      () => setText(""),
    );
  };
  return (
    <form
      className="card"
      aria-labelledby="stake-title"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <div className="card-head">
        <h2 id="stake-title">Deposit stake</h2>
      </div>
      <div className="card-body stack">
        <Field label="Token">
          {(control) => (
            <select
              {...control}
              className="select"
              value={chosen}
              onChange={(event) => setChosen(Number(event.target.value))}
            >
              {stake.positions.map(({ strategy, symbol, balance, decimals }, index) => (
                <option key={strategy} value={index}>
                  {plainText(symbol, 16)} ({formatUnits(balance, decimals, 2)} in the wallet)
                </option>
              ))}
            </select>
          )}
        </Field>
        <AmountField label="Amount to stake" unit={position.symbol} text={text} amount={amount} onChange={setText} />
        <div>
          <Button
            tone="primary"
            submit
            busy={calls.busy}
            disabledReason={ready ? undefined : "Enter an amount that you have."}
          >
            Deposit stake
          </Button>
        </div>
        <p className="small quiet">
          {stake.delegatedTo === null
            ? "A deposit stands behind nobody until you delegate."
            : "It stands behind your operator at once, and can be slashed with it."}
          {wraps ? " What you lack in WETH is made of your ether." : ""}
        </p>
        <CallSteps calls={calls} failed="Not deposited" />
      </div>
    </form>
  );
}

function useEther({ service }: Restaking, { account }: Connected): bigint | undefined {
  const { l1 } = useRollup();
  return useQuery({
    queryKey: [...stakingKey(service.suite.registrar), "ether", account],
    refetchInterval: BALANCE_MS,
    queryFn: () => l1.call("eth_getBalance", [account, "latest"], quantity),
  }).data;
}
