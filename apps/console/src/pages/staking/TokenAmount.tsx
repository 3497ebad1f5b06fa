import { formatUnits, parseUnits, plainText } from "../../chain/format.ts";
import { Field } from "../../ui/Field.tsx";

export interface TokenUnit {
  readonly symbol: string;
  readonly decimals: number;
}

export type Amount = { readonly units: bigint } | { readonly problem: string } | undefined;

/** What was typed: an amount, a problem, or nothing yet. @param most what there is; undefined while unknown. */
export function readAmount(text: string, { decimals, symbol }: TokenUnit, most: bigint | undefined): Amount {
  if (text.trim() === "") return undefined;
  const units = parseUnits(text, decimals);
  if (units === undefined) return { problem: "Enter an amount, such as 0.5." };
  if (units === 0n) return { problem: "Enter more than zero." };
  if (most !== undefined && units > most) {
    return { problem: `There are ${formatUnits(most, decimals, 4)} ${plainText(symbol)}.` };
  }
  return { units };
}

export function TokenAmount(props: {
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
