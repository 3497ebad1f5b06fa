import type { Stake } from "@altlayer/sdk";
import { queueWithdrawalCalls } from "@altlayer/sdk";
import { useState } from "react";
import { formatDuration, formatInteger, formatUnits, plainText } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { useCalls } from "../../staking/use-calls.ts";
import { AmountField } from "../../ui/AmountField.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { readAmount } from "../../ui/read-amount.ts";
import type { Connected } from "../../wallet/use-wallet.ts";
import { CallSteps } from "./CallSteps.tsx";

interface Props {
  readonly restaking: Restaking;
  readonly connected: Connected;
  readonly stake: Stake;
}

/** Queues a part of a deposit for withdrawal. */
export function WithdrawStake({ restaking, connected, stake }: Props) {
  const held = stake.positions.filter(({ depositShares }) => depositShares > 0n);
  const [chosen, setChosen] = useState("");
  const [text, setText] = useState("");
  const calls = useCalls(connected, restaking);
  const position = held.find(({ strategy }) => strategy === chosen) ?? held[0];
  const amount = position === undefined ? undefined : readAmount(text, position, position.deposited);
  const ready = position !== undefined && amount !== undefined && "units" in amount;
  const run = () => {
    if (!ready) return;
    const { strategy, depositShares, deposited } = position;
    // Shares are of the deposit as it was; slashes make each worth less. All of it leaves no dust behind.
    const shares = amount.units === deposited ? depositShares : (depositShares * amount.units) / deposited;
    const who = { core: restaking.service.core, staker: connected.account, strategy, depositShares: shares };
    calls.run(
      () => queueWithdrawalCalls(who, restaking.l1),
      () => setText(""),
    );
  };
  const waitMs = stake.withdrawalDelay * restaking.network.blockTimeSeconds * 1000;
  return (
    <form
      className="card"
      aria-labelledby="unstake-title"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <div className="card-head">
        <h2 id="unstake-title">Withdraw stake</h2>
      </div>
      <div className="card-body stack">
        <Field label="Deposit">
          {(control) => (
            <select
              {...control}
              className="select"
              value={position?.strategy ?? ""}
              disabled={position === undefined}
              onChange={(event) => setChosen(event.target.value)}
            >
              {position === undefined ? <option value="">Nothing is deposited</option> : null}
              {held.map(({ strategy, symbol, deposited, decimals }) => (
                <option key={strategy} value={strategy}>
                  {formatUnits(deposited, decimals, 4)} {plainText(symbol, 16)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <AmountField
          label="Amount to unstake"
          unit={position?.symbol ?? ""}
          text={text}
          amount={amount}
          onChange={setText}
        />
        <div>
          <Button
            tone="primary"
            submit
            busy={calls.busy}
            disabledReason={ready ? undefined : "Enter an amount that is deposited."}
          >
            Queue the withdrawal
          </Button>
        </div>
        <p className="small quiet">
          It waits {formatInteger(stake.withdrawalDelay)} L1 blocks ({formatDuration(waitMs)}), can be slashed until
          then, and is paid by a second transaction.
        </p>
        <CallSteps calls={calls} failed="Not queued" />
      </div>
    </form>
  );
}
