import type { OperatorStake, ServiceStatus } from "@altlayer/sdk";
import { formatUnits, shortHash } from "../../chain/format.ts";
import type { Restaking } from "../../staking/clients.ts";
import { classTitle, WEIGHT_DECIMALS } from "./ServiceFigures.tsx";

/** Who holds how much of each class of stake, and how much of it a certificate takes. The table says the same in figures. */
export function Shares(props: {
  readonly restaking: Restaking;
  readonly operators: readonly OperatorStake[];
  readonly status: Pick<ServiceStatus, "total" | "threshold">;
}) {
  const { restaking, operators, status } = props;
  const { numerator, denominator } = status.threshold;
  const needed = (Number(numerator) / Number(denominator)) * 100;
  return (
    <div className="shares" aria-hidden="true">
      {status.total.map((all, class_) => {
        const title = classTitle(restaking, class_);
        return (
          <div key={title}>
            <span className="small quiet">{title}</span>
            <div className="share-bar">
              {operators.map(({ operator, weight }) => {
                const held = weight[class_] ?? 0n;
                const percent = all === 0n ? 0 : Number((held * 10_000n) / all) / 100;
                return (
                  <span
                    key={operator}
                    style={{ width: `${percent}%` }}
                    title={`${shortHash(operator)}: ${formatUnits(held, WEIGHT_DECIMALS, 2)} ${title}, ${percent} %`}
                  />
                );
              })}
              <span className="share-needed" style={{ left: `${needed}%` }} />
            </div>
          </div>
        );
      })}
      <p className="small quiet">
        <span className="share-needed-key" /> A certificate takes signatures of more than {String(numerator)}/
        {String(denominator)} of each
      </p>
    </div>
  );
}
