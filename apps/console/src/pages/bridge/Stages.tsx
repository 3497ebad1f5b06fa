import { Check, Circle, X } from "lucide-react";
import type { ReactNode } from "react";
import "../rollup/steps.css";
import "./stages.css";

/** A way of several stages, and where one is on it. */
export function Stages<Id extends string>(props: {
  readonly stages: readonly { readonly id: Id; readonly title: string }[];
  readonly current: Id;
  readonly finished: boolean;
  readonly failed?: boolean;
  readonly note?: ReactNode;
}) {
  const at = props.stages.findIndex(({ id }) => id === props.current);
  return (
    <ol className="steps stages" aria-label="Progress">
      {props.stages.map(({ id, title }, index) => {
        const done = index < at || (index === at && props.finished);
        const now = index === at && !props.finished;
        const text = done ? "done" : now ? (props.failed ? "failed" : "now") : "to come";
        return (
          <li key={id} className={done ? "done" : now ? (props.failed ? "failed" : "running") : "pending"}>
            <span className="step-mark" aria-hidden="true">
              {done ? (
                <Check size={14} />
              ) : now && props.failed ? (
                <X size={14} />
              ) : now ? (
                <span className="spinner" />
              ) : (
                <Circle size={10} />
              )}
            </span>
            <span>
              {title}
              <span className="visually-hidden"> ({text})</span>
            </span>
            <span>{index === at ? props.note : null}</span>
          </li>
        );
      })}
    </ol>
  );
}
