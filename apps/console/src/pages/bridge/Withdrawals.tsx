import { useMutation, useQuery } from "@tanstack/react-query";
import type { Hex, Network } from "../../api/types.ts";
import type { Sides } from "../../bridge/clients.ts";
import { bridgeMessage } from "../../bridge/errors.ts";
import { rememberedWithdrawals } from "../../bridge/remembered.ts";
import type { Stage } from "../../bridge/withdrawal.ts";
import { finalize, prove, withdrawalState, withdrawalsOf } from "../../bridge/withdrawal.ts";
import { formatDuration, formatEther } from "../../chain/format.ts";
import { headsQuery } from "../../chain/heads.ts";
import { Button } from "../../ui/Button.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { switchChain } from "../../wallet/use-wallet.ts";
import { TokenAmount } from "../explorer/TokenAmount.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { withdrawalsKey } from "./keys.ts";
import { Stages } from "./Stages.tsx";

const STATE_MS = 2_000;

interface Props {
  readonly connected: Connected;
  readonly network: Network;
  readonly sides: Sides;
}

/** The account's withdrawals, each with the step that comes next. */
export function Withdrawals(props: Props) {
  const { rollup, rpc, heads: options } = useRollup();
  const { account } = props.connected;
  const { data: heads } = useQuery(headsQuery(rpc, options));
  const head = heads?.latest.number;
  const found = useQuery({
    queryKey: withdrawalsKey(rollup.id, account),
    enabled: head !== undefined,
    queryFn: async () => {
      const newest = await withdrawalsOf(account, head ?? 0, rpc);
      return [...new Set([...newest, ...rememberedWithdrawals(rollup.id, account)])];
    },
  });
  return (
    <section className="card" aria-labelledby="withdrawals-title">
      <div className="card-head">
        <h2 id="withdrawals-title">My withdrawals</h2>
      </div>
      {found.isError ? (
        <div className="card-body">
          <ErrorNotice error={found.error} />
        </div>
      ) : found.data === undefined ? (
        <Loading lines={2} />
      ) : found.data.length === 0 ? (
        <Empty title="No withdrawals">What you withdraw appears here with its next step.</Empty>
      ) : (
        <ul>
          {found.data.map((hash) => (
            <WithdrawalItem key={hash} hash={hash} {...props} />
          ))}
        </ul>
      )}
    </section>
  );
}

const STAGES = [
  { id: "waiting-to-prove", title: "Proposed on the settlement chain" },
  { id: "ready-to-prove", title: "Proven" },
  { id: "waiting-to-finalize", title: "Delay over" },
  { id: "ready-to-finalize", title: "Paid out" },
] as const;

function WithdrawalItem({ hash, connected, network, sides }: Props & { readonly hash: Hex }) {
  const { rollup } = useRollup();
  const state = useQuery({
    queryKey: ["chain", rollup.id, "withdrawal", hash],
    queryFn: () => withdrawalState(hash, sides),
    refetchInterval: (query) => (query.state.data?.stage === "finalized" ? false : STATE_MS),
  });
  const act = useMutation({
    mutationFn: async (step: typeof prove) => {
      const { provider } = connected.wallet;
      await switchChain(provider, { chainId: network.chainId, name: network.name, rpcUrl: network.rpcUrl ?? "" });
      await step(hash, { sides, provider, account: connected.account });
      await state.refetch();
    },
  });
  if (state.isError) {
    return (
      <li className="under-way">
        <ErrorNotice error={state.error} title="This withdrawal could not be read" />
      </li>
    );
  }
  if (state.data === undefined) {
    return (
      <li className="under-way">
        <Loading lines={1} />
      </li>
    );
  }
  const { stage, token, amount, seconds } = state.data;
  const paid = stage === "finalized";
  return (
    <li className="under-way">
      <div className="stack tight">
        <strong>
          {token === null ? `${formatEther(amount, 18)} ETH` : <TokenAmount token={token} amount={amount} />}
        </strong>
        <Hash value={hash} what="transaction hash" to="transaction" />
        {paid ? <span className="badge good">Paid out</span> : <NextStep {...{ stage, seconds, act }} />}
        {act.isError ? <span className="problem-text small breakable">{bridgeMessage(act.error)}</span> : null}
      </div>
      <Stages stages={STAGES} current={paid ? "ready-to-finalize" : stage} finished={paid} />
    </li>
  );
}

function NextStep(props: {
  readonly stage: Stage;
  readonly seconds: number | undefined;
  readonly act: { readonly isPending: boolean; readonly mutate: (step: typeof prove) => void };
}) {
  const { stage, seconds, act } = props;
  switch (stage) {
    case "ready-to-prove":
      return (
        <div>
          <Button tone="primary" busy={act.isPending} onClick={() => act.mutate(prove)}>
            Prove
          </Button>
        </div>
      );
    case "ready-to-finalize":
      return (
        <div>
          <Button tone="primary" busy={act.isPending} onClick={() => act.mutate(finalize)}>
            Get paid
          </Button>
        </div>
      );
    default:
      return (
        <span className="small quiet">
          {seconds === undefined || seconds <= 0 ? "Waiting" : `About ${formatDuration(seconds * 1000)} to wait`}
        </span>
      );
  }
}
