import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries.ts";
import type { Membership, Role, Session } from "../api/types.ts";

const RANK: Record<Role, number> = { viewer: 0, operator: 1, owner: 2 };
const NEEDS: Record<Role, string> = {
  viewer: "Only members of this team can do this.",
  operator: "Only operators and owners of this team can do this.",
  owner: "Only owners of this team can do this.",
};

export interface Team extends Membership {
  /** Why a member of this role may not, or undefined if they may: it goes straight into a button's `disabledReason`. */
  reasonNot(role: Role): string | undefined;
}

export function useSession(): Session | null {
  return useSuspenseQuery(sessionQuery).data;
}

/** The team that the address names, as the signed-in person sees it. */
export function useTeam(): Team {
  const { team: id = "" } = useParams({ strict: false });
  const session = useSession();
  const held = session?.teams.find((team) => team.id === id);
  const role = held?.role ?? "viewer";
  return {
    id,
    name: held?.name ?? id,
    role,
    reasonNot: (needed) => (RANK[role] >= RANK[needed] ? undefined : NEEDS[needed]),
  };
}
