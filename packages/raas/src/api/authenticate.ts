import { timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { TeamRole } from "../auth/roles.ts";
import { atLeast } from "../auth/roles.ts";
import { RaasError } from "../errors.ts";
import type { Actor, Route } from "./route.ts";
import { SESSION_COOKIE } from "./routes/session.ts";
import type { Services } from "./services.ts";

const CSRF_HEADER = "x-altlayer-csrf";
const BEARER = /^Bearer ([A-Za-z0-9_-]{20,100})$/;

/** Who asks, by token or by session. @throws RaasError `UNAUTHENTICATED`, `CSRF_REJECTED` */
export async function authenticate(request: FastifyRequest, { credentials, people }: Services): Promise<Actor> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const text = BEARER.exec(authorization)?.[1];
    const token = text === undefined ? null : await credentials.token(text);
    if (token === null) throw new RaasError("UNAUTHENTICATED", "this token is not valid, or no longer");
    return { kind: "token", id: token.id, name: token.name, teamId: token.teamId, role: token.role };
  }
  const secret = request.cookies[SESSION_COOKIE];
  const session = secret === undefined ? null : await credentials.session(secret);
  if (secret === undefined || session === null) throw new RaasError("UNAUTHENTICATED", "sign in first");
  if (request.method !== "GET" && request.method !== "HEAD") requireCsrf(request, session.csrf);
  const user = await people.user(session.userId);
  return { kind: "user", id: user.id, name: user.name, secret, csrf: session.csrf, expiresAt: session.expiresAt };
}

/** A page of another origin can make a browser send the cookie, yet it cannot know this. @throws RaasError `CSRF_REJECTED` */
function requireCsrf(request: FastifyRequest, expected: string): void {
  const given = request.headers[CSRF_HEADER];
  const bytes = Buffer.from(typeof given === "string" ? given : "");
  const wanted = Buffer.from(expected);
  if (bytes.length === wanted.length && timingSafeEqual(bytes, wanted)) return;
  throw new RaasError("CSRF_REJECTED", `the header ${CSRF_HEADER} must carry the session's csrfToken`);
}

/**
 * The actor's role in the path's team. Who does not belong is told that there is no such team.
 * @throws RaasError `NOT_FOUND`, `FORBIDDEN`
 */
export async function requireRole(route: Route, actor: Actor, team: string, { people }: Services): Promise<TeamRole> {
  const role =
    actor.kind === "token" ? (actor.teamId === team ? actor.role : null) : await people.roleIn(team, actor.id);
  if (role === null) throw new RaasError("NOT_FOUND", `there is no team ${team}`, { details: { team } });
  const needed = route.access as TeamRole;
  if (!atLeast(role, needed)) {
    throw new RaasError("FORBIDDEN", `this is for ${needed}s of the team, and you are ${role}`, {
      details: { needed, role },
    });
  }
  return role;
}
