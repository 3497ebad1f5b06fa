import type { OperatorStake } from "@altlayer/sdk";
import { refreshCall } from "@altlayer/sdk";
import { useQuery } from "@tanstack/react-query";
import { formatDuration, formatInteger, formatUnits, plainText } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { signedBy } from "../../staking/participation.ts";
import { membersQuery, participationQuery } from "../../staking/queries.ts";
import { useCalls } from "../../staking/use-calls.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import type { Connected } from "../../wallet/use-wallet.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { CallSteps } from "./CallSteps.tsx";
import { classTitle, WEIGHT_DECIMALS } from "./ServiceFigures.tsx";
import { Shares } from "./Shares.tsx";

interface Props {
  readonly restaking: Restaking;
  readonly connected: Connected | undefined;
}

/** The operators: what counts of each, what it could lose, until when, and whether it signs. */
export function Operators({ restaking, connected }: Props) {
  const { rpc, params, rollup } = useRollup();
  const { data } = useQuery(membersQuery(restaking));
  const signed = useQuery({ ...participationQuery(rpc, params.rollup), enabled: rollup.endpoints !== null });
  return (
    <section className="card" aria-labelledby="operators-title">
      <div className="card-head">
        <h2 id="operators-title">Operators</h2>
      </div>
      {data === undefined ? (
        <Loading />
      ) : data.operators.length === 0 ? (
        <Empty title="No operators">Nobody has joined: no block can be certified.</Empty>
      ) : (
        <>
          <Shares restaking={restaking} operators={data.operators} status={data.status} />
          <TableScroll label="Operators">
            <table>
              <thead>
                <tr>
                  <th scope="col">Operator</th>
                  {data.status.total.map((_, class_) => (
                    <th key={class_} scope="col" className="number">
                      Weight, {classTitle(restaking, class_)}
                    </th>
                  ))}
                  <th scope="col" className="number">
                    Can be slashed
                  </th>
                  <th scope="col" className="number">
                    Weight lasts
                  </th>
                  <th scope="col" className="number">
                    Signed
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.operators.map((operator) => (
                  <OperatorRow
                    key={operator.operator}
                    operator={operator}
                    total={data.status.total}
                    blocksLeft={operator.expiry - data.status.l1Block}
                    restaking={restaking}
                    signed={
                      signed.data === undefined || signed.data.certificates.size === 0
                        ? undefined
                        : `${signedBy(signed.data, operator.index)} of ${signed.data.certificates.size}`
                    }
                  />
                ))}
              </tbody>
            </table>
          </TableScroll>
          <div className="card-body stack">
            <p className="small quiet">
              Weight is what counts in certificates. It follows the stake when it is read from the core again, which
              keepers do before it expires, and rises no faster than the service allows. "Signed" counts the newest
              block certificates, by the node's word: a signature that came too late stands in none.
            </p>
            {connected === undefined ? null : (
              <Refresh connected={connected} restaking={restaking} operators={data.operators} />
            )}
          </div>
        </>
      )}
    </section>
  );
}

function OperatorRow(props: {
  readonly operator: OperatorStake;
  readonly total: readonly bigint[];
  readonly blocksLeft: number;
  readonly restaking: Restaking;
  readonly signed: string | undefined;
}) {
  const { operator, total, blocksLeft, restaking, signed } = props;
  const { strategies } = restaking.service;
  return (
    <tr>
      <th scope="row">
        <span className="row">
          <Hash value={operator.operator} what="operator's address" />
          {operator.convictedBy === null ? null : <Badge tone="bad">Convicted</Badge>}
        </span>
      </th>
      {total.map((all, class_) => (
        <td key={class_} className="number nowrap">
          {formatUnits(operator.weight[class_] ?? 0n, WEIGHT_DECIMALS, 4)}{" "}
          <span className="faint">{share(operator.weight[class_] ?? 0n, all)}</span>
        </td>
      ))}
      <td className="number">
        {operator.stake.map(({ strategy, slashable }, i) => (
          <div key={strategy} className="nowrap">
            {formatUnits(slashable, strategies[i]?.decimals ?? WEIGHT_DECIMALS, 4)}{" "}
            <span className="quiet">{plainText(strategies[i]?.symbol ?? "", 12)}</span>
          </div>
        ))}
      </td>
      <td className="number quiet nowrap">
        {operator.weight.every((weight) => weight === 0n) || blocksLeft < 0 ? (
          <span className="faint">-</span>
        ) : (
          <span title={`${formatInteger(blocksLeft)} L1 blocks`}>
            {formatDuration(blocksLeft * restaking.network.blockTimeSeconds * 1000)}
          </span>
        )}
      </td>
      <td className="number nowrap">{signed ?? <span className="faint">-</span>}</td>
    </tr>
  );
}

function share(part: bigint, all: bigint): string {
  return all === 0n ? "" : `${Number((part * 1000n) / all) / 10} %`;
}

/** Anybody may have weights read again: who has just delegated need not wait for a keeper. */
function Refresh(props: {
  readonly connected: Connected;
  readonly restaking: Restaking;
  readonly operators: readonly OperatorStake[];
}) {
  const { connected, restaking, operators } = props;
  const calls = useCalls(connected, restaking);
  const list = operators.map(({ operator }) => operator);
  return (
    <>
      <div>
        <Button busy={calls.busy} onClick={() => calls.run(async () => [refreshCall(restaking.service, list)])}>
          Refresh weights
        </Button>
      </div>
      <CallSteps calls={calls} failed="Not refreshed" />
    </>
  );
}
