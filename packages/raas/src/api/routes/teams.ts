import { RaasError } from "../../errors.ts";
import type { ApiToken } from "../../store/credentials.ts";
import { paged } from "../paging.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import {
  addMemberBody,
  auditSchema,
  createTeamBody,
  createTokenBody,
  listOf,
  memberParams,
  memberSchema,
  newTokenSchema,
  pageOf,
  pageQuery,
  roleBody,
  teamParams,
  teamSchema,
  tokenParams,
  tokenSchema,
} from "../schemas.ts";
import { iso, isoOrNull } from "../time.ts";

const DAY_MS = 86_400_000;

const tokenView = ({ id, name, role, createdAt, lastUsedAt, expiresAt }: ApiToken) => ({
  id,
  name,
  role,
  createdAt: iso(createdAt),
  lastUsedAt: isoOrNull(lastUsedAt),
  expiresAt: isoOrNull(expiresAt),
});

export const teamRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams",
    name: "teams.list",
    summary: "The teams that one belongs to",
    access: "session",
    response: listOf(teamSchema),
    handle: async ({ actor, services: { people } }) => {
      if (actor.kind === "token") {
        const team = await people.team(actor.teamId);
        return { items: [{ ...team, role: actor.role, createdAt: iso(team.createdAt) }] };
      }
      const teams = await people.teamsOf(actor.id);
      return { items: teams.map((team) => ({ ...team, createdAt: iso(team.createdAt) })) };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams",
    name: "teams.create",
    summary: "Create a team",
    access: "session",
    body: createTeamBody,
    response: teamSchema,
    status: 201,
    handle: async ({ actor, body, services: { people } }) => {
      if (actor.kind === "token")
        throw new RaasError("FORBIDDEN", "a token belongs to one team and cannot create another");
      const team = await people.createTeam({ name: body.name, userId: actor.id });
      return { ...team, createdAt: iso(team.createdAt) };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team",
    name: "teams.get",
    summary: "One team",
    access: "viewer",
    params: teamParams,
    response: teamSchema,
    handle: async ({ params, role, services: { people } }) => {
      const team = await people.team(params.team);
      return { ...team, role, createdAt: iso(team.createdAt) };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/members",
    name: "members.list",
    summary: "The team's members",
    access: "viewer",
    params: teamParams,
    response: listOf(memberSchema),
    handle: async ({ params, services: { people } }) => {
      const members = await people.members(params.team);
      return { items: members.map((member) => ({ ...member, joinedAt: iso(member.joinedAt) })) };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/members",
    name: "members.add",
    summary: "Add a member by address",
    access: "owner",
    params: teamParams,
    body: addMemberBody,
    response: memberSchema,
    status: 201,
    handle: async ({ params, body, services: { people } }) => {
      const { address, role, name } = body;
      const user = await people.userOfAddress(address, { ownTeam: false, ...(name === undefined ? {} : { name }) });
      const member = await people.setMember({ teamId: params.team, userId: user.id, role });
      return { ...member, joinedAt: iso(member.joinedAt) };
    },
  }),
  defineRoute({
    method: "PATCH",
    path: "/teams/:team/members/:user",
    name: "members.change",
    summary: "Give a member another role",
    access: "owner",
    params: memberParams,
    body: roleBody,
    response: memberSchema,
    handle: async ({ params, body, services: { people } }) => {
      if ((await people.roleIn(params.team, params.user)) === null) {
        throw new RaasError("NOT_FOUND", `there is no member ${params.user}`);
      }
      const member = await people.setMember({ teamId: params.team, userId: params.user, role: body.role });
      return { ...member, joinedAt: iso(member.joinedAt) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/teams/:team/members/:user",
    name: "members.remove",
    summary: "Remove a member",
    access: "owner",
    params: memberParams,
    handle: async ({ params, services: { people } }) =>
      await people.removeMember({ teamId: params.team, userId: params.user }),
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/tokens",
    name: "tokens.list",
    summary: "The team's API tokens",
    access: "owner",
    params: teamParams,
    response: listOf(tokenSchema),
    handle: async ({ params, services: { credentials } }) => ({
      items: (await credentials.tokens(params.team)).map(tokenView),
    }),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/tokens",
    name: "tokens.create",
    summary: "Create an API token; its text is shown once",
    access: "owner",
    params: teamParams,
    body: createTokenBody,
    response: newTokenSchema,
    status: 201,
    secret: true,
    handle: async ({ actor, params, body, services: { credentials } }) => {
      // A token that makes tokens could outlive its own revocation.
      if (actor.kind === "token") throw new RaasError("FORBIDDEN", "only a person can create a token");
      const { name, role, expiresInDays } = body;
      const ttlMs = expiresInDays === undefined ? null : expiresInDays * DAY_MS;
      const created = await credentials.createToken({ teamId: params.team, name, role, createdBy: actor.id, ttlMs });
      return { ...tokenView(created), token: created.token };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/teams/:team/tokens/:token",
    name: "tokens.revoke",
    summary: "Revoke an API token",
    access: "owner",
    params: tokenParams,
    handle: async ({ params, services: { credentials } }) => await credentials.revokeToken(params.team, params.token),
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/audit",
    name: "audit.list",
    summary: "What was done in this team, by whom",
    access: "operator",
    params: teamParams,
    query: pageQuery,
    response: pageOf(auditSchema),
    handle: async ({ params, query, services: { records } }) =>
      paged(
        query,
        await records.auditLog(params.team, { limit: query.limit + 1, ...before(query.cursor) }),
        (entry) => ({
          ...entry,
          at: iso(entry.at),
        }),
      ),
  }),
];

const before = (cursor: string | undefined) => (cursor === undefined ? {} : { before: cursor });
