import { useQuery } from "@tanstack/react-query";
import type { Minute } from "../../api/explorer.ts";
import { activityQuery, everyMinute } from "../../api/explorer.ts";
import { formatCompact, formatInteger } from "../../chain/format.ts";
import type { Bar } from "../../ui/chart/BarChart.tsx";
import { BarChart } from "../../ui/chart/BarChart.tsx";

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });

/** Users' transactions and the gas of all of them, minute by minute over the last hour. */
export function Throughput({ team, rollup }: { readonly team: string; readonly rollup: string }) {
  const { data } = useQuery(activityQuery(team, rollup));
  const minutes = data === undefined ? [] : everyMinute(data.perMinute);
  const [first, last] = [minutes[0], minutes.at(-1)];
  if (first === undefined || last === undefined) return null;
  const ends = [time.format(first.startMs), time.format(last.startMs)] as const;
  const bars = (told: (work: NonNullable<Minute["work"]>) => { readonly value: number; readonly text: string }) =>
    minutes.map(({ startMs, work }): Bar => {
      const of = work === null ? undefined : told(work);
      return {
        key: String(startMs),
        text: `${time.format(startMs)}: ${of?.text ?? "no blocks yet"}`,
        values: of && [of.value],
      };
    });
  return (
    <>
      <BarChart
        title="Transactions a minute"
        series={[{ id: "transactions", title: "Transactions", color: "var(--rung-block-certificate)" }]}
        bars={bars(({ transactions: value }) => ({
          value,
          text: `${formatInteger(value)} ${value === 1 ? "transaction" : "transactions"}`,
        }))}
        format={formatCompact}
        ends={ends}
      />
      <BarChart
        title="Gas a minute"
        series={[{ id: "gas", title: "Gas", color: "var(--rung-safe)" }]}
        bars={bars(({ gasUsed: value }) => ({ value, text: `${formatCompact(value)} gas` }))}
        format={formatCompact}
        ends={ends}
      />
    </>
  );
}
