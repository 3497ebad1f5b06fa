import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Network } from "../../api/types.ts";
import type { Sides } from "../../bridge/clients.ts";
import type { DepositStage } from "../../bridge/deposit.ts";
import { deposit } from "../../bridge/deposit.ts";
import { bridgeMessage } from "../../bridge/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Notice } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { switchChain } from "../../wallet/use-wallet.ts";
import { AmountField, readAmount } from "./AmountField.tsx";
import { Stages } from "./Stages.tsx";

const STAGES = [
  { id: "signing", title: "Sign in your wallet" },
  { id: "mining", title: "In a block of the settlement chain" },
  { id: "arriving", title: "On its way to the rollup" },
  { id: "arrived", title: "On the rollup" },
] as const;

export function Deposit(props: {
  readonly connected: Connected;
  readonly network: Network;
  readonly sides: Sides;
  readonly balanceWei: bigint | undefined;
}) {
  const { connected, network, sides } = props;
  const [text, setText] = useState("");
  const [stage, setStage] = useState<DepositStage>();
  const amount = readAmount(text, props.balanceWei);
  const run = useMutation({
    mutationFn: async (amountWei: bigint) => {
      setStage(undefined);
      const { provider } = connected.wallet;
      await switchChain(provider, { chainId: network.chainId, name: network.name, rpcUrl: network.rpcUrl ?? "" });
      await deposit({ account: connected.account, amountWei, onStage: setStage }, { sides, provider });
    },
    onSuccess: () => setText(""),
  });
  const ready = amount !== undefined && "wei" in amount;
  return (
    <form
      className="card"
      aria-labelledby="deposit-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !run.isPending) run.mutate(amount.wei);
      }}
    >
      <div className="card-head">
        <h2 id="deposit-title">Deposit</h2>
        <span className="small quiet">usually there within a minute</span>
      </div>
      <div className="card-body stack">
        <AmountField label="Amount to deposit" text={text} amount={amount} onChange={setText} />
        <div>
          <Button
            tone="primary"
            submit
            busy={run.isPending}
            disabledReason={ready ? undefined : "Enter an amount that you have."}
          >
            Deposit
          </Button>
        </div>
        {stage === undefined ? null : (
          <Stages
            stages={STAGES}
            current={stage.stage}
            finished={stage.stage === "arrived"}
            failed={run.isError}
            note={"l2Hash" in stage ? <Hash value={stage.l2Hash} what="transaction hash" to="transaction" /> : null}
          />
        )}
        {run.isError ? (
          <Notice tone="bad" title="Not deposited">
            {bridgeMessage(run.error)}
          </Notice>
        ) : null}
      </div>
    </form>
  );
}
