import type { Asset } from "../../bridge/asset.ts";
import { formatUnits, parseUnits } from "../../chain/format.ts";
import { Field } from "../../ui/Field.tsx";

/** In the asset's smallest units. */
export type Amount = { readonly units: bigint } | { readonly problem: string } | undefined;

/** What was typed: an amount, a problem, or nothing yet. */
export function readAmount(text: string, balance: bigint | undefined, { kind, symbol, decimals }: Asset): Amount {
  if (text.trim() === "") return undefined;
  const units = parseUnits(text, decimals);
  if (units === undefined) {
    return {
      problem: `Enter an amount of ${kind === "ether" ? "ether" : symbol}, such as ${decimals === 0 ? "5" : "0.5"}.`,
    };
  }
  if (units === 0n) return { problem: "Enter more than zero." };
  if (balance !== undefined && units > balance) {
    return { problem: `You have ${formatUnits(balance, decimals, 4)} ${symbol} there.` };
  }
  return { units };
}

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
            {props.unit}
          </span>
        </div>
      )}
    </Field>
  );
}
