import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { linkOptions, Outlet, useLocation, useParams } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
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
import type { SideEntry, SideGroup } from "./SideNav.tsx";
import { useTeam } from "./use-team.ts";

const ROLLUP = "/teams/$team/rollups/$rollup" as const;
type Page = "explorer" | "bridge" | "staking" | "faucet" | "logs" | "keys" | "recovery" | "settings";

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
  const overview = linkOptions({ to: "/teams/$team/rollups/$rollup", params, activeOptions: { exact: true } });
  const entry = (title: string, icon: LucideIcon, name: Page): readonly SideEntry[] =>
    hasPage(rollup, name) ? [{ title, icon, link: linkOptions({ to: `${ROLLUP}/${name}`, params }) }] : [];
  const side: readonly SideGroup[] = [
    {
      title: "Chain",
      entries: [
        { title: "Overview", icon: Gauge, link: overview },
        ...entry("Explorer", Blocks, "explorer"),
        ...entry("Bridge", ArrowLeftRight, "bridge"),
        ...entry("Staking", ShieldCheck, "staking"),
        ...(development ? entry("Faucet", Droplets, "faucet") : []),
      ],
    },
    {
      title: "Operation",
      entries: [
        ...entry("Logs", Terminal, "logs"),
        ...entry("Keys", KeyRound, "keys"),
        ...entry("Recovery", LifeBuoy, "recovery"),
        ...entry("Settings", Settings2, "settings"),
      ],
    },
  ];

  return (
    <Shell
      crumbs={[
        { title: team.name, link: linkOptions({ to: "/teams/$team", params }) },
        { title: rollup.name, link: overview },
      ]}
      sideLabel={rollup.name}
      side={side}
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
