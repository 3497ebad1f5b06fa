import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { networksQuery, rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Network, Rollup } from "../../api/types.ts";
import type { HeadsOptions } from "../../chain/heads.ts";
import { networkPath } from "../../chain/paths.ts";
import type { Rpc } from "../../chain/rpc.ts";
import { rpcAt } from "../../chain/rpc.ts";

export interface RollupPage {
  readonly params: { readonly team: string; readonly rollup: string };
  readonly rollup: Rollup;
  readonly network: Network | undefined;
  readonly rpc: Rpc;
  readonly l1: Rpc;
  readonly heads: HeadsOptions;
}

/** What every page below a rollup begins with. */
export function useRollup(): RollupPage {
  const params = useParams({ from: "/member/teams/$team/rollups/$rollup" });
  const { data: rollup } = useSuspenseQuery(rollupQuery(params.team, params.rollup));
  const { data: networks } = useQuery(networksQuery);
  const l1 = rpcAt(networkPath(rollup.networkId));
  const registry = rollup.contracts?.AnchorStateRegistryProxy;
  const portal = rollup.contracts?.OptimismPortalProxy;
  return {
    params,
    rollup,
    network: networks?.find(({ id }) => id === rollup.networkId),
    rpc: rpcAt(`${rollupPath(params.team, params.rollup)}/rpc`),
    l1,
    heads: {
      key: params.rollup,
      anchor: registry === undefined || portal === undefined ? null : { l1, registry, portal },
    },
  };
}
