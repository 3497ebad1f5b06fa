import { useQuery } from "@tanstack/react-query";
import type { Hex, Network } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { restakingQuery } from "../../staking/queries.ts";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { useConnected } from "../../wallet/use-wallet.ts";
import { ConnectWallet } from "../bridge/ConnectWallet.tsx";
import { useRollup } from "../rollup/use-rollup.ts";
import { MyStake } from "./MyStake.tsx";
import { Operators } from "./Operators.tsx";
import { ServiceFigures } from "./ServiceFigures.tsx";
import { Slashes } from "./Slashes.tsx";
import "./staking.css";

/** The stake behind a rollup's certificates, and one's own part of it. */
export function StakingPage() {
  const { rollup, network } = useRollup();
  useTitle("Staking", rollup.name);
  return (
    <>
      <div className="stack tight">
        <h1>Staking</h1>
        <p className="quiet">
          Operators execute every block of {rollup.name} themselves and sign what they get. Who contradicts itself loses
          its stake, and so do those who delegated to it: in part or all of it.
        </p>
      </div>
      {rollup.mach === null ? (
        <div className="card">
          <Empty title="This rollup is not restaked">
            No operators certify its blocks. Restaking is chosen when a rollup is launched.
          </Empty>
        </div>
      ) : network === undefined ? (
        <Loading />
      ) : (
        <OfService avs={rollup.mach.avs} network={network} />
      )}
    </>
  );
}

function OfService({ avs, network }: { readonly avs: Hex; readonly network: Network }) {
  const { l1 } = useRollup();
  const connected = useConnected();
  const { data: restaking, error } = useQuery(restakingQuery(avs, network, l1));
  if (error !== null) return <ErrorNotice error={error} title="The service could not be read" />;
  if (restaking === undefined) return <Loading />;
  return (
    <>
      <ServiceFigures restaking={restaking} />
      <Operators restaking={restaking} connected={connected} />
      {connected === undefined ? <ConnectWallet /> : <MyStake restaking={restaking} connected={connected} />}
      <Slashes restaking={restaking} />
    </>
  );
}
