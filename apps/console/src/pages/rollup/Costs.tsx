import { useQuery } from "@tanstack/react-query";
import { costsQuery } from "../../api/money.ts";
import type { Cost, Costs as CostsAnswer } from "../../api/types.ts";
import { formatBytes, formatEther, formatInteger, formatSignificant } from "../../chain/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import type { Bar } from "../../ui/chart/BarChart.tsx";
import { BarChart } from "../../ui/chart/BarChart.tsx";

const DAYS = 30;
const HOURS = 48;
const HOUR_MS = 3_600_000;
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
      <Charts costs={data} />
    </section>
  );
}

const Figure = (props: { readonly title: string; readonly value: string; readonly unit?: string }) => (
  <div>
    <dt>{props.title}</dt>
    <dd>
      {props.value} {props.unit === undefined || props.value === "-" ? null : <small>{props.unit}</small>}
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

const SERIES = [
  { id: "data", title: "Data", color: "var(--rung-block-certificate)" },
  { id: "other", title: "Other accounts", color: "var(--line-strong)" },
] as const;

const hourOfDay = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });
const toEther = (wei: string) => Number(BigInt(wei)) / 1e18;

const barOf = (key: string, name: string, { dataWei, otherWei }: Cost): Bar => ({
  key,
  text: `${name}: ${ether(dataWei)} ETH for data, ${ether(otherWei)} ETH by other accounts`,
  values: [toEther(dataWei), toEther(otherWei)],
});

/** An hour's and a day's costs over time, as far back as they are measured. */
function Charts({ costs: { hours, days } }: { readonly costs: CostsAnswer }) {
  const first = hours[0];
  if (first === undefined) return null;
  const unmeasured = Array.from({ length: Math.max(0, HOURS - hours.length) }, (_, index): Bar => {
    const start = Date.parse(first.start) - (HOURS - hours.length - index) * HOUR_MS;
    return { key: String(start), text: `${hourOfDay.format(start)}: not measured`, values: undefined };
  });
  const measured = hours.map((hour) => barOf(hour.start, hourOfDay.format(Date.parse(hour.start)), hour));
  const charts = [
    { title: "Costs by the hour", bars: [...unmeasured, ...measured], ends: [`${HOURS} hours ago`, "this hour"] },
    { title: "Costs by day", bars: days.map((day) => barOf(day.day, day.day, day)), ends: [days[0]?.day, "today"] },
  ];
  return (
    <div className="chart-pair">
      {charts.map(({ title, bars, ends: [from = "", to = ""] }) =>
        // One bar alone shows nothing that the figures do not say.
        bars.length < 2 ? null : (
          <BarChart
            key={title}
            title={title}
            series={SERIES}
            bars={bars}
            format={(value) => `${formatSignificant(value)} ETH`}
            ends={[from, to]}
          />
        ),
      )}
    </div>
  );
}
