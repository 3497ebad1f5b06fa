import type { Stake } from "@altlayer/sdk";
import { delegateCalls, undelegateCalls } from "@altlayer/sdk";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatUnits, shortHash } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { membersQuery } from "../../staking/queries.ts";
import { useCalls } from "../../staking/use-calls.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Hash } from "../../ui/Hash.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { CallSteps } from "./CallSteps.tsx";
import { classTitle, WEIGHT_DECIMALS } from "./ServiceFigures.tsx";

interface Props {
  readonly restaking: Restaking;
  readonly connected: Connected;
  readonly stake: Stake;
}

/** Whom the deposits stand behind. */
export function Delegate(props: Props) {
  return props.stake.delegatedTo === null ? <Choose {...props} /> : <Undelegate {...props} />;
}

function Choose({ restaking, connected }: Props) {
  const { data } = useQuery(membersQuery(restaking));
  const [chosen, setChosen] = useState("");
  const calls = useCalls(connected, restaking);
  const operators = data?.operators.filter(({ convictedBy }) => convictedBy === null) ?? [];
  const operator = operators.find((each) => each.operator === chosen)?.operator;
  return (
    <form
      className="card"
      aria-labelledby="delegate-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (operator === undefined) return;
        const who = { core: restaking.service.core, staker: connected.account, operator };
        calls.run(() => delegateCalls(who, restaking.l1));
      }}
    >
      <div className="card-head">
        <h2 id="delegate-title">Delegate</h2>
      </div>
      <div className="card-body stack">
        <Field label="Operator">
          {(control) => (
            <select {...control} className="select" value={chosen} onChange={(event) => setChosen(event.target.value)}>
              <option value="">Choose an operator</option>
              {operators.map((each) => (
                <option key={each.operator} value={each.operator}>
                  {shortHash(each.operator)}:{" "}
                  {each.weight
                    .map(
                      (weight, class_) => `${formatUnits(weight, WEIGHT_DECIMALS, 0)} ${classTitle(restaking, class_)}`,
                    )
                    .join(", ")}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div>
          <Button
            tone="primary"
            submit
            busy={calls.busy}
            disabledReason={operator === undefined ? "Choose an operator." : undefined}
          >
            Delegate
          </Button>
        </div>
        <p className="small quiet">
          All your deposits, now and later, stand behind this one operator. If it contradicts itself, you lose the same
          part as everybody who delegated to it.
        </p>
        <CallSteps calls={calls} failed="Not delegated" />
      </div>
    </form>
  );
}

function Undelegate({ restaking, connected, stake }: Props) {
  const calls = useCalls(connected, restaking);
  const own = stake.delegatedTo?.toLowerCase() === connected.account;
  const who = { core: restaking.service.core, staker: connected.account };
  return (
    <section className="card" aria-labelledby="delegate-title">
      <div className="card-head">
        <h2 id="delegate-title">Delegate</h2>
      </div>
      <div className="card-body stack">
        <p>
          Your deposits stand behind <Hash value={stake.delegatedTo ?? ""} what="operator's address" />.
        </p>
        {own ? (
          <p className="small quiet">An operator delegates to itself for ever.</p>
        ) : (
          <>
            <div>
              <Button busy={calls.busy} onClick={() => calls.run(() => undelegateCalls(who, restaking.l1))}>
                Undelegate
              </Button>
            </div>
            <p className="small quiet">Undelegating queues all your deposits for withdrawal.</p>
          </>
        )}
        <CallSteps calls={calls} failed="Not undelegated" />
      </div>
    </section>
  );
}
