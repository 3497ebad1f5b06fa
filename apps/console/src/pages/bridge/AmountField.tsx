import { formatEther, parseUnits } from "../../chain/format.ts";
import { Field } from "../../ui/Field.tsx";

const WEI_DECIMALS = 18;

export type Amount = { readonly wei: bigint } | { readonly problem: string } | undefined;

/** What was typed: an amount, a problem, or nothing yet. */
export function readAmount(text: string, balanceWei: bigint | undefined): Amount {
  if (text.trim() === "") return undefined;
  const wei = parseUnits(text, WEI_DECIMALS);
  if (wei === undefined) return { problem: "Enter an amount of ether, such as 0.5." };
  if (wei === 0n) return { problem: "Enter more than zero." };
  if (balanceWei !== undefined && wei > balanceWei) {
    return { problem: `You have ${formatEther(balanceWei, 4)} ETH there.` };
  }
  return { wei };
}

export function AmountField(props: {
  readonly label: string;
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
            ETH
          </span>
        </div>
      )}
    </Field>
  );
}
