import { plainText } from "../chain/format.ts";
import { Field } from "./Field.tsx";

/** What was typed, in the smallest units, or what is wrong with it; undefined while there is nothing yet. */
export type Amount = { readonly units: bigint } | { readonly problem: string } | undefined;

export function AmountField(props: {
  readonly label: string;
  readonly unit: string;
  readonly text: string;
  readonly amount: Amount;
  readonly onChange: (text: string) => void;
}) {
  const { amount } = props;
  return (
    <Field label={props.label} problem={amount !== undefined && "problem" in amount ? amount.problem : undefined}>
      {(control) => (
        <div className="affixed">
          <input
            {...control}
            className="input"
            inputMode="decimal"
            autoComplete="off"
            placeholder="0.0"
            value={props.text}
            onChange={(event) => props.onChange(event.target.value)}
          />
          <span className="unit" aria-hidden="true">
            {plainText(props.unit, 8)}
          </span>
        </div>
      )}
    </Field>
  );
}
