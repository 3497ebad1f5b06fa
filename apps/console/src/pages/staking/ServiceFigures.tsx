import { useQuery } from "@tanstack/react-query";
import { formatDuration, formatInteger, formatUnits, plainText } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { membersQuery } from "../../staking/queries.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Hash } from "../../ui/Hash.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";

/** Weights are shares, which have 18 decimals. */
export const WEIGHT_DECIMALS = 18;

/** The symbols that count in an asset class: "WETH". */
export const classTitle = ({ service }: Restaking, class_: number): string =>
  service.strategies
    .filter((each) => each.class === class_)
    .map(({ symbol }) => plainText(symbol, 16))
    .join(" + ");

/** The service at a glance: who it is, its weight in force, and how old its operator table is. */
export function ServiceFigures({ restaking }: { readonly restaking: Restaking }) {
  const { data, error } = useQuery(membersQuery(restaking));
  const { network, service } = restaking;
  if (error !== null) return <ErrorNotice error={error} title="The stake could not be read" />;
  if (data === undefined) return <Loading lines={2} />;
  const { status } = data;
  const { startBlock, committedEpoch, windows, threshold } = status;
  const tableBlock =
    startBlock === null || committedEpoch === null ? null : startBlock + committedEpoch * windows.epochLength;
  const age = tableBlock === null ? null : status.l1Block - tableBlock;
  return (
    <>
      <dl className="figures">
        {status.active.map((active, class_) => (
          <div key={class_}>
            <dt>Weight in {classTitle(restaking, class_)}</dt>
            <dd>
              {formatUnits(active, WEIGHT_DECIMALS, 2)}{" "}
              <small>of {formatUnits(status.total[class_] ?? 0n, WEIGHT_DECIMALS, 2)}</small>
            </dd>
          </div>
        ))}
        <div>
          <dt>Operators</dt>
          <dd>{formatInteger(data.operators.length)}</dd>
        </div>
        <div>
          <dt>Operator table</dt>
          <dd>
            {age === null ? (
              "none yet"
            ) : (
              <>
                {formatInteger(age)}{" "}
                <small>L1 blocks old, {formatDuration(age * network.blockTimeSeconds * 1000)}</small>
              </>
            )}
          </dd>
        </div>
      </dl>
      <section className="card" aria-labelledby="service-title">
        <div className="card-head">
          <h2 id="service-title">MACH service</h2>
          {status.slashableInTime ? (
            <Badge tone="good">Slashable in time</Badge>
          ) : (
            <Badge tone="warn">Not slashable in time</Badge>
          )}
        </div>
        <dl className="facts">
          <div>
            <dt>AVS</dt>
            <dd>
              <Hash value={service.suite.registrar} what="AVS address" />
            </dd>
          </div>
          <div>
            <dt>A certificate takes</dt>
            <dd>
              more than {String(threshold.numerator)}/{String(threshold.denominator)} of the weight in every class of
              stake
            </dd>
          </div>
          <div>
            <dt>May join now</dt>
            <dd>
              {status.room.map((room, class_) => (
                <span key={class_} className="nowrap">
                  {class_ === 0 ? "" : ", "}
                  {room === null ? "any amount of" : formatUnits(room, WEIGHT_DECIMALS, 2)}{" "}
                  {classTitle(restaking, class_)}
                </span>
              ))}
            </dd>
          </div>
          <div>
            <dt>Table</dt>
            <dd>
              {committedEpoch === null
                ? "not committed yet: nothing can be certified"
                : `of epoch ${formatInteger(committedEpoch)}; an epoch is ${windows.epochLength} L1 blocks`}
            </dd>
          </div>
          <div>
            <dt>Funds</dt>
            <dd>
              {formatUnits(status.bountyFund, WEIGHT_DECIMALS, 2)} ALT for proofs of faults,{" "}
              {formatUnits(status.rewardsFund, WEIGHT_DECIMALS, 2)} ALT for operators
            </dd>
          </div>
        </dl>
      </section>
    </>
  );
}
