import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Hex, Network } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import type { Asset } from "../../bridge/asset.ts";
import { ETHER } from "../../bridge/asset.ts";
import type { Sides } from "../../bridge/clients.ts";
import { sidesOf } from "../../bridge/clients.ts";
import { formatUnits } from "../../chain/format.ts";
import type { Rpc } from "../../chain/rpc.ts";
import { quantity } from "../../chain/shapes.ts";
import { balanceOf } from "../../chain/token.ts";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty } from "../../ui/Notice.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { useConnected } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { AssetField } from "./AssetField.tsx";
import { ConnectWallet } from "./ConnectWallet.tsx";
import { Deposit } from "./Deposit.tsx";
import { StuckDeposits } from "./StuckDeposits.tsx";
import { Withdraw } from "./Withdraw.tsx";
import { Withdrawals } from "./Withdrawals.tsx";
import "./stages.css";

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
          Ether and tokens between {network?.name ?? "the settlement chain"} and {rollup.name}, by the rollup's own
          contracts. Your wallet signs every step; nobody else holds what you move.
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
  const [asset, setAsset] = useState<Asset>(ETHER);
  const l1Key = `l1-${network.id}`;
  const l1Balance = useBalance(l1, l1Key, { account: connected.account, token: tokenOn(asset, "l1") });
  const l2Balance = useBalance(rpc, heads.key, { account: connected.account, token: tokenOn(asset, "l2") });
  const shared = { connected, network, sides };
  const shown = (balance: bigint | undefined) =>
    balance === undefined ? "-" : formatUnits(balance, asset.decimals, 4);
  return (
    <>
      <AssetField {...shared} asset={asset} onChange={setAsset} />
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
            {shown(l1Balance)} <small>{asset.symbol}</small>
          </dd>
        </div>
        <div>
          <dt>On {rollup.name}</dt>
          <dd>
            {shown(l2Balance)} <small>{asset.symbol}</small>
          </dd>
        </div>
      </dl>
      {tokenOn(asset, "l2") === null ? null : (
        <div className="forms">
          <Deposit {...shared} asset={asset} balance={l1Balance} />
          <Withdraw {...shared} asset={asset} balance={l2Balance} />
        </div>
      )}
      <StuckDeposits {...shared} />
      <Withdrawals {...shared} />
    </>
  );
}

/** An asset's token on a side: undefined for ether, null where there is none yet. */
const tokenOn = (asset: Asset, side: "l1" | "l2"): Hex | null | undefined =>
  asset.kind === "ether" ? undefined : asset[side];

function useBalance(
  rpc: Rpc,
  key: string,
  { account, token }: { readonly account: Hex; readonly token: Hex | null | undefined },
): bigint | undefined {
  return useQuery({
    queryKey: ["chain", key, "balance", account, token ?? "ether"],
    enabled: token !== null,
    refetchInterval: BALANCE_MS,
    queryFn: () =>
      token ? balanceOf(rpc, { token, account }) : rpc.call("eth_getBalance", [account, "latest"], quantity),
  }).data;
}
