import { useQuery } from "@tanstack/react-query";
import { costsQuery } from "../../api/money.ts";
import type { Costs as CostsAnswer } from "../../api/types.ts";
import { formatBytes, formatEther, formatInteger } from "../../chain/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import "./costs.css";

const DAYS = 30;
/** Bars keep this height in percent, so that a cheap day is seen. */
const FLOOR = 3;
const BUDGET_NEAR_PERCENT = 80;
const DIGITS = 6;

const ether = (wei: string): string => {
  const value = BigInt(wei);
  // What is less than the last digit shown is not nothing.
  return value > 0n && value < 10n ** BigInt(18 - DIGITS) ? "< 0.000001" : formatEther(value, DIGITS);
};

/** What the rollup costs on its settlement network, as measured there. */
export function Costs({ team, rollup }: { readonly team: string; readonly rollup: string }) {
  const { data } = useQuery(costsQuery(team, rollup, DAYS));
  const today = data?.days.at(-1);
  if (data === undefined || today === undefined) return null;
  return (
    <section className="card" aria-labelledby="costs-title">
      <div className="card-head">
        <h2 id="costs-title">Costs</h2>
        <span className="small quiet">Measured on the settlement network, in finalized blocks</span>
      </div>
      <dl className="figures flush">
        <Figure title="Data, today" value={ether(today.dataWei)} unit="ETH" />
        <Figure
          title="Data, each transaction"
          value={today.weiPerTransaction === null ? "-" : ether(today.weiPerTransaction)}
          unit="ETH"
        />
        <Figure title="Written, today" value={formatBytes(today.dataBytes)} />
        <Figure title="Users' transactions, today" value={formatInteger(today.transactions)} />
        <Month month={data.month} />
      </dl>
      <Chart days={data.days} />
    </section>
  );
}

const Figure = (props: { readonly title: string; readonly value: string; readonly unit?: string }) => (
  <div>
    <dt>{props.title}</dt>
    <dd>
      {props.value} {props.unit === undefined ? null : <small>{props.unit}</small>}
    </dd>
  </div>
);

function Month({ month }: { readonly month: CostsAnswer["month"] }) {
  const { name, spentWei, percent } = month;
  return (
    <div>
      <dt>All accounts, {name}</dt>
      <dd>
        {ether(spentWei)} <small>ETH</small>{" "}
        {percent === null ? null : (
          <Badge tone={percent >= 100 ? "bad" : percent >= BUDGET_NEAR_PERCENT ? "warn" : "neutral"}>
            {`${percent} % of the budget`}
          </Badge>
        )}
      </dd>
    </div>
  );
}

/** A bar a day: data below, everything else above it. */
function Chart({ days }: { readonly days: CostsAnswer["days"] }) {
  const totals = days.map(({ dataWei, otherWei }) => BigInt(dataWei) + BigInt(otherWei));
  let most = 1n;
  for (const total of totals) if (total > most) most = total;
  const percent = (wei: bigint) => Number((wei * 10_000n) / most) / 100;
  return (
    <figure className="costs">
      <figcaption className="small quiet">
        By day, at most {ether(String(most))} ETH: <span className="costs-data">data</span>{" "}
        <span className="costs-other">other accounts</span>
      </figcaption>
      <ul>
        {days.map(({ day, dataWei, otherWei }, index) => {
          const text = `${day}: ${ether(dataWei)} ETH for data, ${ether(otherWei)} ETH by other accounts`;
          const other = totals[index] === 0n ? 0 : Number((BigInt(otherWei) * 10_000n) / (totals[index] ?? 1n)) / 100;
          return (
            <li key={day} title={text} style={{ height: `${Math.max(FLOOR, percent(totals[index] ?? 0n))}%` }}>
              <span className="costs-other" style={{ height: `${other}%` }} aria-hidden="true" />
              <span className="visually-hidden">{text}</span>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
