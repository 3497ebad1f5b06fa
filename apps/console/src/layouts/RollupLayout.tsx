import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useParams } from "@tanstack/react-router";
import {
  ArrowLeftRight,
  Blocks,
  Droplets,
  Gauge,
  KeyRound,
  LifeBuoy,
  Settings2,
  ShieldCheck,
  Terminal,
} from "lucide-react";
import { useEffect, useState } from "react";
import { followRollup } from "../api/events.ts";
import { networksQuery, rollupQuery } from "../api/queries.ts";
import { hasPage } from "../pages/rollup/attached.ts";
import { Notice } from "../ui/Notice.tsx";
import { Shell } from "./Shell.tsx";
import { useTeam } from "./use-team.ts";

const exact = { exact: true };

/** One rollup. It is followed as long as any of its pages is open. */
export function RollupLayout() {
  const params = useParams({ from: "/member/teams/$team/rollups/$rollup" });
  const team = useTeam();
  const queries = useQueryClient();
  const { data: rollup } = useSuspenseQuery(rollupQuery(params.team, params.rollup));
  const { data: networks } = useQuery(networksQuery);
  const [connected, setConnected] = useState(true);
  useEffect(() => followRollup({ ...params, onConnected: setConnected }, { queries }), [params, queries]);
  // Below /teams/:team/rollups/:rollup.
  const page = useLocation().pathname.split("/")[5] ?? "";
  const development = networks?.find(({ id }) => id === rollup.networkId)?.development === true;

  return (
    <Shell
      crumbs={
        <>
          <li>
            <Link to="/teams/$team" params={params}>
              {team.name}
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/rollups/$rollup" params={params}>
              {rollup.name}
            </Link>
          </li>
        </>
      }
      sideLabel={rollup.name}
      side={
        <ul>
          <li>
            <Link to="/teams/$team/rollups/$rollup" params={params} activeOptions={exact}>
              <Gauge size={15} aria-hidden="true" />
              Overview
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/rollups/$rollup/explorer" params={params}>
              <Blocks size={15} aria-hidden="true" />
              Explorer
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/rollups/$rollup/bridge" params={params}>
              <ArrowLeftRight size={15} aria-hidden="true" />
              Bridge
            </Link>
          </li>
          {hasPage(rollup, "staking") ? (
            <li>
              <Link to="/teams/$team/rollups/$rollup/staking" params={params}>
                <ShieldCheck size={15} aria-hidden="true" />
                Staking
              </Link>
            </li>
          ) : null}
          {development && hasPage(rollup, "faucet") ? (
            <li>
              <Link to="/teams/$team/rollups/$rollup/faucet" params={params}>
                <Droplets size={15} aria-hidden="true" />
                Faucet
              </Link>
            </li>
          ) : null}
          {hasPage(rollup, "logs") ? (
            <li>
              <Link to="/teams/$team/rollups/$rollup/logs" params={params}>
                <Terminal size={15} aria-hidden="true" />
                Logs
              </Link>
            </li>
          ) : null}
          {hasPage(rollup, "keys") ? (
            <li>
              <Link to="/teams/$team/rollups/$rollup/keys" params={params}>
                <KeyRound size={15} aria-hidden="true" />
                Keys
              </Link>
            </li>
          ) : null}
          {hasPage(rollup, "recovery") ? (
            <li>
              <Link to="/teams/$team/rollups/$rollup/recovery" params={params}>
                <LifeBuoy size={15} aria-hidden="true" />
                Recovery
              </Link>
            </li>
          ) : null}
          <li>
            <Link to="/teams/$team/rollups/$rollup/settings" params={params}>
              <Settings2 size={15} aria-hidden="true" />
              Settings
            </Link>
          </li>
        </ul>
      }
    >
      {connected ? null : (
        <Notice tone="warn" title="Not live">
          The connection to the control plane is lost; what you see may be old. Trying again.
        </Notice>
      )}
      {hasPage(rollup, page) ? (
        <Outlet />
      ) : (
        <Notice tone="info" title="Others run this chain">
          What stands here for rollups of this platform is theirs to do.
        </Notice>
      )}
    </Shell>
  );
}
