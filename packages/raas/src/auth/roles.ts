/** Roles of a team, each allowed all that the one before is. */
export const TEAM_ROLES = ["viewer", "operator", "owner"] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** Who may call a route: anybody, anybody signed in, or members of the team by role. */
export type Access = "public" | "session" | TeamRole;

export const atLeast = (role: TeamRole, needed: TeamRole): boolean =>
  TEAM_ROLES.indexOf(role) >= TEAM_ROLES.indexOf(needed);
