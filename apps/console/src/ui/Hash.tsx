import { Link, useParams } from "@tanstack/react-router";
import { shortHash } from "../chain/format.ts";
import { CopyButton } from "./Copy.tsx";

interface HashProps {
  readonly value: string;
  /** What it is, for the copy button: "transaction hash". */
  readonly what: string;
  readonly full?: boolean;
  readonly to?: "transaction" | "address" | "block" | undefined;
  readonly copy?: boolean;
}

/** A hash or address: shortened unless `full`, linked into the explorer of the rollup that the page is about. */
export function Hash({ value, what, full = false, to, copy = true }: HashProps) {
  const { team = "", rollup = "" } = useParams({ strict: false });
  const text = full ? value : shortHash(value);
  return (
    <span className="hash" title={value}>
      {to === "transaction" ? (
        <Link to="/teams/$team/rollups/$rollup/explorer/transactions/$hash" params={{ team, rollup, hash: value }}>
          {text}
        </Link>
      ) : to === "address" ? (
        <Link to="/teams/$team/rollups/$rollup/explorer/addresses/$address" params={{ team, rollup, address: value }}>
          {text}
        </Link>
      ) : to === "block" ? (
        <Link to="/teams/$team/rollups/$rollup/explorer/blocks/$block" params={{ team, rollup, block: value }}>
          {text}
        </Link>
      ) : (
        <span>{text}</span>
      )}
      {copy ? <CopyButton text={value} label={`Copy the ${what}`} /> : null}
    </span>
  );
}

export function BlockLink({ number }: { readonly number: number }) {
  const { team = "", rollup = "" } = useParams({ strict: false });
  return (
    <Link to="/teams/$team/rollups/$rollup/explorer/blocks/$block" params={{ team, rollup, block: String(number) }}>
      {number.toLocaleString("en-US")}
    </Link>
  );
}
