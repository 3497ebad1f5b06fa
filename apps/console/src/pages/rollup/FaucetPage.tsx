import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { rollupPath } from "../../api/queries.ts";
import type { Hex } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { formatEther } from "../../chain/format.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice.tsx";
import { useConnected } from "../../wallet/use-wallet.ts";
import { useRollup } from "./use-rollup.ts";

/** Ether of a development network for whoever wants to try the rollup. */
export function FaucetPage() {
  const { rollup, params } = useRollup();
  const team = useTeam();
  const connected = useConnected();
  const [typed, setTyped] = useState<string>();
  const [touched, setTouched] = useState(false);
  const address = (typed ?? connected?.account ?? "").trim();
  const valid = /^0x[0-9a-fA-F]{40}$/.test(address);
  useTitle("Faucet", rollup.name);
  const ask = useMutation({
    mutationFn: () =>
      request<{ transactionHash: Hex; amountWei: string }>(`${rollupPath(params.team, params.rollup)}/faucet`, {
        method: "POST",
        body: { address: address.toLowerCase() },
      }),
  });
  return (
    <>
      <div className="stack tight">
        <h1>Faucet</h1>
        <p className="quiet">Ether on {rollup.name}, without value: this rollup settles on a development network.</p>
      </div>
      <form
        className="card card-body stack narrow"
        onSubmit={(event) => {
          event.preventDefault();
          setTouched(true);
          if (valid) ask.mutate();
        }}
      >
        <Field
          label="Address"
          problem={touched && !valid ? "An address is 0x and 40 hex digits." : undefined}
          hint="Anyone's: it need not be yours."
        >
          {(control) => (
            <input
              {...control}
              className="input mono"
              autoComplete="off"
              spellCheck={false}
              placeholder="0x…"
              value={typed ?? connected?.account ?? ""}
              onChange={(event) => {
                setTyped(event.target.value);
                ask.reset();
              }}
            />
          )}
        </Field>
        <div>
          <Button tone="primary" submit busy={ask.isPending} disabledReason={team.reasonNot("operator")}>
            Send ether
          </Button>
        </div>
        {ask.isError ? <ErrorNotice error={ask.error} title="Nothing was sent" /> : null}
        {ask.isSuccess ? (
          <Notice tone="good" title={`${formatEther(BigInt(ask.data.amountWei))} ETH sent`}>
            <Hash value={ask.data.transactionHash} what="transaction hash" to="transaction" />
          </Notice>
        ) : null}
      </form>
    </>
  );
}
