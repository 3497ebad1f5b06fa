import type { Series } from "./ChartFrame.tsx";
import { ChartFrame } from "./ChartFrame.tsx";
import { niceMax } from "./scale.ts";

export interface Bar {
  readonly key: string;
  /** What it says in words. */
  readonly text: string;
  /** One value for each series, stacked in this order; undefined: nothing was measured. */
  readonly values: readonly number[] | undefined;
}

const sum = (values: readonly number[] | undefined): number =>
  (values ?? []).reduce((total, value) => total + value, 0);

/** A bar for each span of time, the oldest left. */
export function BarChart(props: {
  readonly title: string;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
  readonly format: (value: number) => string;
  readonly ends: readonly [string, string];
}) {
  const { title, series, bars, format, ends } = props;
  const top = niceMax(Math.max(0, ...bars.map(({ values }) => sum(values))));
  const marks = [0, 0.5, 1].map((at) => ({ at, text: format(top * at) }));
  return (
    <ChartFrame {...{ title, series, marks, ends }} texts={bars.map(({ text }) => text)}>
      {(active) => (
        <div className="chart-bars">
          {bars.map(({ key, values }, index) => (
            <span key={key} className={`chart-bar${index === active ? " active" : ""}`}>
              {values?.map((value, at) => (
                <span
                  key={series[at]?.id ?? at}
                  style={{
                    // What is not nothing is seen.
                    height: value > 0 ? `max(2px, ${(value / top) * 100}%)` : 0,
                    background: series[at]?.color,
                  }}
                />
              ))}
            </span>
          ))}
        </div>
      )}
    </ChartFrame>
  );
}
