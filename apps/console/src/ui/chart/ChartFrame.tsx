import type { KeyboardEvent, PointerEvent, ReactNode } from "react";
import { useId, useState } from "react";
import "./chart.css";

export interface Mark {
  /** Height, 0 at the bottom to 1 at the top. */
  readonly at: number;
  readonly text: string;
}

export interface Series {
  readonly id: string;
  readonly title: string;
  /** CSS colour. */
  readonly color: string;
}

/**
 * What every chart has around its drawing: a title, who is who, marks, and what the point under the pointer says. The
 * keyboard reads it point by point: arrows go along, and a screen reader hears each as it would a slider's value.
 */
export function ChartFrame(props: {
  readonly title: string;
  /** One is not named: the title does. */
  readonly series: readonly Series[];
  /** What each point says, the oldest first: "12:04: 17 transactions". */
  readonly texts: readonly string[];
  /** Whose words are shown while nobody points at any; the newest's where it is not given. */
  readonly resting?: number | undefined;
  readonly marks: readonly Mark[];
  /** Below the left and the right end. */
  readonly ends: readonly [string, string];
  readonly children: (active: number | undefined) => ReactNode;
}) {
  const { title, series, texts, marks, ends } = props;
  const id = useId();
  const [chosen, setChosen] = useState<number>();
  const last = texts.length - 1;
  const active = chosen === undefined || last < 0 ? undefined : Math.min(chosen, last);
  const told = active ?? props.resting ?? last;
  const follow = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    if (width > 0) setChosen(Math.min(last, Math.max(0, Math.floor(((event.clientX - left) / width) * texts.length))));
  };
  const move = (event: KeyboardEvent) => {
    const at = told;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setChosen(Math.min(last, Math.max(0, to)));
  };
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption className="chart-head">
        <strong id={id}>{title}</strong>
        <span className="small quiet chart-reading">{texts[told]}</span>
      </figcaption>
      <div className="chart-body">
        <div className="chart-marks small faint" aria-hidden="true">
          {marks.map(({ at, text }) => (
            <span key={text} style={{ bottom: `${at * 100}%` }}>
              {text}
            </span>
          ))}
        </div>
        <div
          className="chart-plot"
          role="slider"
          tabIndex={0}
          aria-label={title}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, last)}
          aria-valuenow={Math.max(0, told)}
          aria-valuetext={texts[told] ?? "nothing yet"}
          onPointerMove={follow}
          onPointerLeave={() => setChosen(undefined)}
          onBlur={() => setChosen(undefined)}
          onKeyDown={move}
        >
          {marks.map(({ at, text }) => (
            <span key={text} className="chart-line" style={{ bottom: `${at * 100}%` }} />
          ))}
          {props.children(active)}
        </div>
      </div>
      <div className="chart-foot small faint">
        <span>{ends[0]}</span>
        {series.length < 2 ? null : (
          <span className="chart-series">
            {series.map((each) => (
              <span key={each.id}>
                <span className="chart-key" style={{ background: each.color }} aria-hidden="true" />
                {each.title}
              </span>
            ))}
          </span>
        )}
        <span>{ends[1]}</span>
      </div>
    </figure>
  );
}
