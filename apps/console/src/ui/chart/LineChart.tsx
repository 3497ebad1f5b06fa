import type { Series } from "./ChartFrame.tsx";
import { ChartFrame } from "./ChartFrame.tsx";
import { logScale } from "./scale.ts";

export interface Point {
  readonly key: string | number;
  readonly text: string;
  /** One value for each series, in its order; null: not known. */
  readonly values: readonly (number | null)[];
}

const WIDTH = 1_000;
const HEIGHT = 100;

/** A line for each series over powers of ten. A gap in a line is a value that is not known. */
export function LineChart(props: {
  readonly title: string;
  readonly series: readonly Series[];
  readonly points: readonly Point[];
  readonly format: (value: number) => string;
  readonly ends: readonly [string, string];
}) {
  const { title, series, points, format, ends } = props;
  const scale = logScale(points.flatMap(({ values }) => values.filter((value) => value !== null)));
  const marks = scale.marks.map((value) => ({ at: scale.at(value), text: format(value) }));
  const complete = points.findLastIndex(({ values }) => values.every((value) => value !== null));
  const x = (index: number) => ((index + 0.5) / points.length) * WIDTH;
  const y = (value: number) => (1 - scale.at(value)) * HEIGHT;
  return (
    <ChartFrame
      {...{ title, series, marks, ends }}
      texts={points.map(({ text }) => text)}
      resting={complete < 0 ? undefined : complete}
    >
      {(active) => (
        <>
          <svg
            className="chart-lines"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            preserveAspectRatio="none"
            aria-hidden="true"
            focusable="false"
          >
            {series.map(({ id, color }, at) => (
              <path key={id} d={pathOf(points, at, { x, y })} style={{ stroke: color }} />
            ))}
          </svg>
          {active === undefined ? null : (
            <span className="chart-cursor" style={{ left: `${((active + 0.5) / points.length) * 100}%` }} />
          )}
        </>
      )}
    </ChartFrame>
  );
}

function pathOf(
  points: readonly Point[],
  at: number,
  { x, y }: { readonly x: (index: number) => number; readonly y: (value: number) => number },
): string {
  let path = "";
  let drawing = false;
  for (const [index, { values }] of points.entries()) {
    const value = values[at] ?? null;
    // A point alone is drawn too: a line of no length with a round end.
    if (value !== null)
      path += `${drawing ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(2)}${drawing ? "" : "h0"}`;
    drawing = value !== null;
  }
  return path;
}
