import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Network } from "../../api/types.ts";
import type { Sides } from "../../bridge/clients.ts";
import { bridgeMessage } from "../../bridge/errors.ts";
import type { StuckDeposit } from "../../bridge/relay.ts";
import { relayAgain, stuckDeposits } from "../../bridge/relay.ts";
import { formatEther } from "../../chain/format.ts";
import { Button } from "../../ui/Button.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { toast } from "../../ui/toast.ts";
import type { Connected } from "../../wallet/use-wallet.ts";
import { switchChain } from "../../wallet/use-wallet.ts";
import { TokenAmount } from "../explorer/TokenAmount.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { stuckKey } from "./keys.ts";

const AGAIN_MS = 15_000;

interface Props {
  readonly connected: Connected;
  readonly network: Network;
  readonly sides: Sides;
}

/** Deposits that left the settlement chain and failed on the rollup, with the step that gets them out. Mostly none. */
export function StuckDeposits({ connected, network, sides }: Props) {
  const { rollup, rpc } = useRollup();
  const { data = [] } = useQuery({
    queryKey: stuckKey(rollup.id, connected.account),
    queryFn: () => stuckDeposits(connected.account, { rpc, l2: sides.l2 }),
    refetchInterval: AGAIN_MS,
  });
  if (data.length === 0) return null;
  return (
    <section className="card" aria-labelledby="stuck-title">
      <div className="card-head">
        <h2 id="stuck-title">Deposits that did not arrive</h2>
      </div>
      <p className="card-body quiet">
        They left {network.name}, and the bridge holds them; on {rollup.name} they could not be given out. The same
        message can be relayed again, by anybody: your wallet pays its gas there.
      </p>
      <ul>
        {data.map((deposit) => (
          <Stuck key={deposit.message} {...{ deposit, connected, sides }} />
        ))}
      </ul>
    </section>
  );
}

function Stuck(props: { readonly deposit: StuckDeposit; readonly connected: Connected; readonly sides: Sides }) {
  const { deposit, connected, sides } = props;
  const { rollup } = useRollup();
  const queries = useQueryClient();
  const relay = useMutation({
    mutationFn: async () => {
      const { account, wallet } = connected;
      const { provider } = wallet;
      await switchChain(provider, { chainId: rollup.chainId, name: rollup.name, rpcUrl: rollup.endpoints?.rpc ?? "" });
      await relayAgain(deposit, { sides, provider, account });
    },
    onSuccess: () => {
      toast({ text: "It has arrived on the rollup." });
      return queries.invalidateQueries({ queryKey: stuckKey(rollup.id, connected.account) });
    },
  });
  return (
    <li className="under-way">
      <div className="stack tight">
        <strong>
          {deposit.token === null ? (
            `${formatEther(deposit.amount, 18)} ETH`
          ) : (
            <TokenAmount token={deposit.token} amount={deposit.amount} />
          )}
        </strong>
        <Hash value={deposit.hash} what="transaction hash" to="transaction" />
      </div>
      <div className="stack tight">
        <div>
          <Button tone="primary" busy={relay.isPending} onClick={() => relay.mutate()}>
            Relay again
          </Button>
        </div>
        {relay.isError ? (
          <p className="problem-text small breakable" role="alert">
            {bridgeMessage(relay.error)}
          </p>
        ) : null}
      </div>
    </li>
  );
}
