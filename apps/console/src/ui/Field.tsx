import type { ReactNode } from "react";
import { useId } from "react";

export interface ControlProps {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

/** Label, hint and problem around one control, tied together for screen readers. */
export function Field(props: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly children: (control: ControlProps) => ReactNode;
}) {
  const id = useId();
  const described = [props.hint === undefined ? "" : `${id}-hint`, props.problem === undefined ? "" : `${id}-problem`]
    .filter((name) => name !== "")
    .join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {props.children({
        id,
        "aria-describedby": described === "" ? undefined : described,
        "aria-invalid": props.problem === undefined ? undefined : true,
      })}
      {props.problem === undefined ? null : (
        <p className="problem" id={`${id}-problem`}>
          {props.problem}
        </p>
      )}
      {props.hint === undefined ? null : (
        <div className="hint" id={`${id}-hint`}>
          {props.hint}
        </div>
      )}
    </div>
  );
}
