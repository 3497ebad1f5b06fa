import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Network } from "../../api/types.ts";
import type { Asset } from "../../bridge/asset.ts";
import type { Sides } from "../../bridge/clients.ts";
import { bridgeMessage } from "../../bridge/errors.ts";
import { rememberWithdrawal } from "../../bridge/remembered.ts";
import { startTokenWithdrawal } from "../../bridge/token-bridge.ts";
import { startWithdrawal } from "../../bridge/withdrawal.ts";
import { AmountField } from "../../ui/AmountField.tsx";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { readAmount } from "../../ui/read-amount.ts";
import { toast } from "../../ui/toast.ts";
import type { Connected } from "../../wallet/use-wallet.ts";
import { switchChain } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { withdrawalsKey } from "./keys.ts";

export function Withdraw(props: {
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
  const amount = readAmount(text, asset, props.balance);
  const run = useMutation({
    mutationFn: async (amount: bigint) => {
      const { provider } = connected.wallet;
      await switchChain(provider, { chainId: rollup.chainId, name: rollup.name, rpcUrl: rollup.endpoints?.rpc ?? "" });
      const parties = { sides, provider, account: connected.account };
      return asset.kind === "token" && asset.l2 !== null
        ? startTokenWithdrawal({ asset: { ...asset, l2: asset.l2 }, amount }, parties)
        : startWithdrawal(amount, parties);
    },
    onSuccess: (hash) => {
      rememberWithdrawal(rollup.id, connected.account, hash);
      setText("");
      toast({ text: "The withdrawal has begun. Its next steps are below." });
      return queries.invalidateQueries({ queryKey: withdrawalsKey(rollup.id, connected.account) });
    },
  });
  const ready = amount !== undefined && "units" in amount;
  return (
    <form
      className="card"
      aria-labelledby="withdraw-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !run.isPending) run.mutate(amount.units);
      }}
    >
      <div className="card-head">
        <h2 id="withdraw-title">Withdraw</h2>
        <span className="small quiet">three signatures, with waits between</span>
      </div>
      <div className="card-body stack">
        <AmountField label="Amount to withdraw" unit={asset.symbol} text={text} amount={amount} onChange={setText} />
        <div>
          <Button
            tone="primary"
            submit
            busy={run.isPending}
            disabledReason={ready ? undefined : "Enter an amount that you have."}
          >
            Withdraw
          </Button>
        </div>
        <p className="small quiet">
          You begin on {rollup.name}, prove on {network.name} once a proposal covers it, and are paid there after the
          rollup's delays. Proving and paying out cost gas on {network.name}.
        </p>
        {run.isError ? (
          <Notice tone="bad" title="Not withdrawn">
            {bridgeMessage(run.error)}
          </Notice>
        ) : null}
      </div>
    </form>
  );
}
