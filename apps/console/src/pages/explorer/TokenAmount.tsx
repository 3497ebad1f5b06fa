import { useQuery } from "@tanstack/react-query";
import type { Hex } from "../../api/types.ts";
import { formatUnits } from "../../chain/format.ts";
import { tokenQuery } from "../../chain/token.ts";
import { useRollup } from "../rollup/use-rollup.ts";

/** An amount in the token's own units, if the contract says what these are. */
export function TokenAmount({ token, amount }: { readonly token: Hex; readonly amount: bigint }) {
  const { rpc, heads } = useRollup();
  const { data } = useQuery(tokenQuery(rpc, heads.key, token));
  if (data === undefined) return null;
  if (data === null) return <span className="quiet">{amount.toString()}</span>;
  return (
    <span>
      {formatUnits(amount, data.decimals)} {data.symbol || "of an unnamed token"}
    </span>
  );
}
