import type { ButtonHTMLAttributes, ReactNode } from "react";
import { useId } from "react";

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled" | "type"> & {
  readonly tone?: "primary" | "danger" | "plain";
  readonly size?: "mini";
  /** For a button that shows an icon only. */
  readonly iconOnly?: boolean;
  readonly submit?: boolean;
  readonly busy?: boolean;
  /** Why it cannot be pressed now. The button stays reachable by keyboard, so that the reason is heard. */
  readonly disabledReason?: string | undefined;
  readonly children: ReactNode;
};

export function Button({ tone, size, iconOnly, submit, busy, disabledReason, onClick, children, ...rest }: Props) {
  const reasonId = useId();
  const inert = busy === true || disabledReason !== undefined;
  const classes = ["button", tone, size, iconOnly ? "icon" : undefined].filter(Boolean).join(" ");
  return (
    <>
      <button
        {...rest}
        type={submit ? "submit" : "button"}
        className={classes}
        aria-disabled={inert || undefined}
        aria-busy={busy || undefined}
        title={disabledReason ?? rest.title}
        aria-describedby={disabledReason === undefined ? rest["aria-describedby"] : reasonId}
        onClick={(event) => {
          if (inert) event.preventDefault();
          else onClick?.(event);
        }}
      >
        {busy ? <span className="spinner" aria-hidden="true" /> : null}
        {children}
      </button>
      {disabledReason === undefined ? null : (
        <span id={reasonId} className="visually-hidden">
          {disabledReason}
        </span>
      )}
    </>
  );
}
