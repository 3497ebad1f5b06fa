import { Link, Outlet, useMatchRoute, useParams } from "@tanstack/react-router";
import { BellRing, BookOpen, KeyRound, Layers, ScrollText, Users } from "lucide-react";
import { NotFound } from "../app/fallbacks.tsx";
import { Shell } from "./Shell.tsx";
import { useSession, useTeam } from "./use-team.ts";

const exact = { exact: true };

export function TeamLayout() {
  const { team: id } = useParams({ from: "/member/teams/$team" });
  const session = useSession();
  const team = useTeam();
  // The wizard belongs to the list; the link itself is only active on its own page.
  const launching = useMatchRoute()({ to: "/teams/$team/new" }) !== false;
  if (session !== null && !session.teams.some((held) => held.id === id)) return <NotFound />;
  const params = { team: id };
  return (
    <Shell
      crumbs={
        <li>
          <Link to="/teams/$team" params={params}>
            {team.name}
          </Link>
        </li>
      }
      sideLabel="Team"
      side={
        <ul>
          <li>
            <Link to="/teams/$team" params={params} activeOptions={exact} className={launching ? "within" : undefined}>
              <Layers size={15} aria-hidden="true" />
              Rollups
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/alarms" params={params}>
              <BellRing size={15} aria-hidden="true" />
              Alarms
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/members" params={params}>
              <Users size={15} aria-hidden="true" />
              Members
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/tokens" params={params}>
              <KeyRound size={15} aria-hidden="true" />
              API tokens
            </Link>
          </li>
          <li>
            <Link to="/teams/$team/audit" params={params}>
              <ScrollText size={15} aria-hidden="true" />
              Audit
            </Link>
          </li>
          <li>
            <a href="/docs/">
              <BookOpen size={15} aria-hidden="true" />
              Documentation
            </a>
          </li>
        </ul>
      }
    >
      <Outlet />
    </Shell>
  );
}
