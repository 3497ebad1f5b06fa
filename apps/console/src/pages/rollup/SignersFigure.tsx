import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { newestSigners } from "../../staking/participation.ts";
import { useRollup } from "./use-rollup.ts";

const AGAIN_MS = 3_000;

/** How many operators signed the newest certificate; more of them on the page of the stake. */
export function SignersFigure() {
  const { rpc, heads, params } = useRollup();
  const { data } = useQuery({
    queryKey: ["chain", heads.key, "signers"],
    queryFn: () => newestSigners(rpc),
    refetchInterval: AGAIN_MS,
  });
  return (
    <div>
      <dt>
        <Link to="/teams/$team/rollups/$rollup/staking" params={params}>
          Operators
        </Link>
      </dt>
      <dd>
        {data ? data.signed : "-"} <small>{data ? `of ${data.all} signed` : "no certificate yet"}</small>
      </dd>
    </div>
  );
}
