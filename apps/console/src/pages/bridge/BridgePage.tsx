import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Network } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import type { Sides } from "../../bridge/clients.ts";
import { sidesOf } from "../../bridge/clients.ts";
import { formatEther } from "../../chain/format.ts";
import type { Rpc } from "../../chain/rpc.ts";
import { quantity } from "../../chain/shapes.ts";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { useConnected } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { ConnectWallet } from "./ConnectWallet.tsx";
import { Deposit } from "./Deposit.tsx";
import { Withdraw } from "./Withdraw.tsx";
import { Withdrawals } from "./Withdrawals.tsx";
import "./bridge.css";

const BALANCE_MS = 2_000;

export function BridgePage() {
  const { rollup, network } = useRollup();
  const connected = useConnected();
  useTitle("Bridge", rollup.name);
  return (
    <>
      <div className="stack tight">
        <h1>Bridge</h1>
        <p className="quiet">
          Ether between {network?.name ?? "the settlement chain"} and {rollup.name}, by the rollup's own contracts. Your
          wallet signs every step; nobody holds your ether on the way.
        </p>
      </div>
      {rollup.endpoints === null || rollup.contracts === null ? (
        <div className="card">
          <Empty title="The rollup is not running">Deposits and withdrawals need its node.</Empty>
        </div>
      ) : connected === undefined ? (
        <ConnectWallet />
      ) : network === undefined ? (
        <Loading />
      ) : (
        <Sided connected={connected} network={network} />
      )}
    </>
  );
}

function Sided({ connected, network }: { readonly connected: Connected; readonly network: Network }) {
  const { rollup, rpc, l1, heads } = useRollup();
  const sides: Sides = useMemo(() => sidesOf(rollup, network), [rollup, network]);
  const l1Balance = useBalance(l1, `l1-${network.id}`, connected);
  const l2Balance = useBalance(rpc, heads.key, connected);
  const shared = { connected, network, sides };
  return (
    <>
      <dl className="figures">
        <div>
          <dt>Account</dt>
          <dd>
            <Hash value={connected.account} what="your address" />
          </dd>
        </div>
        <div>
          <dt>On {network.name}</dt>
          <dd>
            {l1Balance === undefined ? "-" : formatEther(l1Balance, 4)} <small>ETH</small>
          </dd>
        </div>
        <div>
          <dt>On {rollup.name}</dt>
          <dd>
            {l2Balance === undefined ? "-" : formatEther(l2Balance, 4)} <small>ETH</small>
          </dd>
        </div>
      </dl>
      <div className="bridge-sides">
        <Deposit {...shared} balanceWei={l1Balance} />
        <Withdraw {...shared} balanceWei={l2Balance} />
      </div>
      <Withdrawals {...shared} />
    </>
  );
}

function useBalance(rpc: Rpc, key: string, { account }: Connected): bigint | undefined {
  return useQuery({
    queryKey: ["chain", key, "balance", account],
    refetchInterval: BALANCE_MS,
    queryFn: () => rpc.call("eth_getBalance", [account, "latest"], quantity),
  }).data;
}
