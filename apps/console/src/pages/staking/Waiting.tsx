import type { Stake, WaitingWithdrawal } from "@altlayer/sdk";
import { completeWithdrawalCalls } from "@altlayer/sdk";
import { formatDuration, formatInteger, formatUnits, plainText } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { useCalls } from "../../staking/use-calls.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { Stages } from "../bridge/Stages.tsx";
import { CallSteps } from "./CallSteps.tsx";
import { WEIGHT_DECIMALS } from "./ServiceFigures.tsx";

interface Props {
  readonly restaking: Restaking;
  readonly connected: Connected;
  readonly stake: Stake;
}

const STAGES = [
  { id: "queued", title: "Queued" },
  { id: "waiting", title: "Wait over" },
  { id: "ready", title: "Paid out" },
] as const;

/** Withdrawals in the core's queue, with the time that is left, and the step that pays. */
export function Waiting({ restaking, connected, stake }: Props) {
  const calls = useCalls(connected, restaking);
  const ready = stake.withdrawals.filter(({ blocksLeft }) => blocksLeft === 0).length;
  const who = { core: restaking.service.core, staker: connected.account };
  return (
    <section className="card" aria-labelledby="waiting-title">
      <div className="card-head">
        <h2 id="waiting-title">My withdrawals</h2>
        {ready === 0 ? null : (
          <Button
            tone="primary"
            busy={calls.busy}
            onClick={() => calls.run(() => completeWithdrawalCalls(who, restaking.l1))}
          >
            {ready === 1 ? "Get paid" : `Get ${ready} paid`}
          </Button>
        )}
      </div>
      {stake.withdrawals.length === 0 ? (
        <Empty title="No withdrawals">What you queue appears here, with the time that is left.</Empty>
      ) : (
        <ul>
          {stake.withdrawals.map((withdrawal) => (
            <Item key={`${withdrawal.withdrawal.nonce}`} withdrawal={withdrawal} restaking={restaking} />
          ))}
        </ul>
      )}
      {calls.progress === undefined && calls.error === null ? null : (
        <div className="card-body">
          <CallSteps calls={calls} failed="Not paid out" />
        </div>
      )}
    </section>
  );
}

function Item({ withdrawal, restaking }: { readonly withdrawal: WaitingWithdrawal; readonly restaking: Restaking }) {
  const { amounts, blocksLeft, secondsLeft } = withdrawal;
  const { strategies } = restaking.service;
  return (
    <li className="under-way">
      <div className="stack tight">
        {withdrawal.withdrawal.strategies.map((strategy, i) => {
          const known = strategies.find((each) => each.strategy === strategy);
          return (
            <strong key={strategy}>
              {formatUnits(amounts[i] ?? 0n, known?.decimals ?? WEIGHT_DECIMALS, 6)}{" "}
              {plainText(known?.symbol ?? "of another token", 24)}
            </strong>
          );
        })}
        <span className="small quiet">
          {blocksLeft === 0
            ? "Can be paid out"
            : `About ${formatDuration(secondsLeft * 1000)} to wait, ${formatInteger(blocksLeft)} L1 blocks`}
        </span>
      </div>
      <Stages stages={STAGES} current={blocksLeft === 0 ? "ready" : "waiting"} finished={false} />
    </li>
  );
}
