import { linkOptions, Outlet, useMatchRoute, useParams } from "@tanstack/react-router";
import { BellRing, BookOpen, KeyRound, Layers, ScrollText, Users } from "lucide-react";
import { NotFound } from "../app/fallbacks.tsx";
import { Shell } from "./Shell.tsx";
import type { SideEntry } from "./SideNav.tsx";
import { useSession, useTeam } from "./use-team.ts";

export function TeamLayout() {
  const params = useParams({ from: "/member/teams/$team" });
  const session = useSession();
  const team = useTeam();
  const matches = useMatchRoute();
  // These pages belong to the list, whose own link is only active on its own page.
  const within = matches({ to: "/teams/$team/new" }) !== false || matches({ to: "/teams/$team/attach" }) !== false;
  if (session !== null && !session.teams.some((held) => held.id === params.team)) return <NotFound />;
  const rollups = linkOptions({ to: "/teams/$team", params, activeOptions: { exact: true } });
  const entries: readonly SideEntry[] = [
    { title: "Rollups", icon: Layers, link: rollups, within },
    { title: "Alarms", icon: BellRing, link: linkOptions({ to: "/teams/$team/alarms", params }) },
    { title: "Members", icon: Users, link: linkOptions({ to: "/teams/$team/members", params }) },
    { title: "API tokens", icon: KeyRound, link: linkOptions({ to: "/teams/$team/tokens", params }) },
    { title: "Audit", icon: ScrollText, link: linkOptions({ to: "/teams/$team/audit", params }) },
    { title: "Documentation", icon: BookOpen, link: { href: "/docs/" } },
  ];
  return (
    <Shell crumbs={[{ title: team.name, link: rollups }]} sideLabel="Team" side={[{ entries }]}>
      <Outlet />
    </Shell>
  );
}
