import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Network } from "../../api/types.ts";
import type { Asset } from "../../bridge/asset.ts";
import type { Sides } from "../../bridge/clients.ts";
import type { DepositStage } from "../../bridge/deposit.ts";
import { deposit } from "../../bridge/deposit.ts";
import { bridgeMessage } from "../../bridge/errors.ts";
import { depositToken } from "../../bridge/token-bridge.ts";
import { AmountField } from "../../ui/AmountField.tsx";
import { Button } from "../../ui/Button.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { readAmount } from "../../ui/read-amount.ts";
import type { Connected } from "../../wallet/use-wallet.ts";
import { switchChain } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { stuckKey } from "./keys.ts";
import { Stages } from "./Stages.tsx";

const STAGES = [
  { id: "signing", title: "Sign in your wallet" },
  { id: "mining", title: "In a block of the settlement chain" },
  { id: "arriving", title: "On its way to the rollup" },
  { id: "arrived", title: "On the rollup" },
] as const;
const TOKEN_STAGES = [{ id: "allowing", title: "Allow the bridge to take the amount" }, ...STAGES] as const;

export function Deposit(props: {
  readonly connected: Connected;
  readonly network: Network;
  readonly sides: Sides;
  readonly asset: Asset;
  /** In the asset's smallest units. */
  readonly balance: bigint | undefined;
}) {
  const { connected, network, sides, asset } = props;
  const { rollup } = useRollup();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const [stage, setStage] = useState<DepositStage>();
  const amount = readAmount(text, asset, props.balance);
  const run = useMutation({
    mutationFn: async (units: bigint) => {
      setStage(undefined);
      const { provider } = connected.wallet;
      await switchChain(provider, { chainId: network.chainId, name: network.name, rpcUrl: network.rpcUrl ?? "" });
      const { account } = connected;
      if (asset.kind === "ether") {
        await deposit({ account, amountWei: units, onStage: setStage }, { sides, provider });
      } else if (asset.l2 !== null) {
        const options = { asset: { ...asset, l2: asset.l2 }, amount: units, onStage: setStage };
        await depositToken(options, { sides, provider, account });
      }
    },
    onSuccess: () => setText(""),
    // It may have left one side without arriving on the other.
    onError: () => queries.invalidateQueries({ queryKey: stuckKey(rollup.id, connected.account) }),
  });
  const ready = amount !== undefined && "units" in amount;
  return (
    <form
      className="card"
      aria-labelledby="deposit-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !run.isPending) run.mutate(amount.units);
      }}
    >
      <div className="card-head">
        <h2 id="deposit-title">Deposit</h2>
        <span className="small quiet">usually there within a minute</span>
      </div>
      <div className="card-body stack">
        <AmountField label="Amount to deposit" unit={asset.symbol} text={text} amount={amount} onChange={setText} />
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
            stages={asset.kind === "ether" ? STAGES : TOKEN_STAGES}
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
