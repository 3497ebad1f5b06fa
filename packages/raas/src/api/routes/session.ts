import type { FastifyReply } from "fastify";
import { z } from "zod";
import { verifySiwe } from "../../auth/siwe.ts";
import { RaasError } from "../../errors.ts";
import type { Session } from "../../store/credentials.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { empty, linkBody, newLinkBody, sessionSchema, siweBody } from "../schemas.ts";
import type { Services } from "../services.ts";
import { iso } from "../time.ts";

export const SESSION_COOKIE = "altlayer_session";
const SIGN_INS_PER_MINUTE = 30;

async function sessionView(services: Services, session: Session): Promise<unknown> {
  const user = await services.people.user(session.userId);
  const teams = await services.people.teamsOf(session.userId);
  return {
    user,
    teams: teams.map(({ id, name, role }) => ({ id, name, role })),
    csrfToken: session.csrf,
    expiresAt: iso(session.expiresAt),
  };
}

async function signIn(services: Services, reply: FastifyReply, userId: string): Promise<unknown> {
  const session = await services.credentials.createSession(userId);
  reply.setCookie(SESSION_COOKIE, session.secret, {
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    secure: services.origin().startsWith("https:"),
    expires: new Date(session.expiresAt),
  });
  return await sessionView(services, session);
}

export const sessionRoutes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/session/link",
    name: "session.link",
    summary: "Sign in by the one-time link that the program printed",
    access: "public",
    body: linkBody,
    response: sessionSchema,
    secret: true,
    perMinute: SIGN_INS_PER_MINUTE,
    handle: async ({ body, services, reply }) => {
      const userId = await services.people.useLink(body.token);
      if (userId === null) {
        throw new RaasError(
          "UNAUTHENTICATED",
          "this link was used or is too old: `altlayer sign-in` prints a new one where the platform runs",
        );
      }
      return await signIn(services, reply, userId);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/session/link/new",
    name: "session.newLink",
    summary: "A new sign-in link for the person at the platform's machine, who can read its secret there",
    access: "public",
    body: newLinkBody,
    response: z.object({ url: z.string(), expiresAt: z.string() }),
    secret: true,
    perMinute: SIGN_INS_PER_MINUTE,
    handle: async ({ body, services: { signIn: local } }) => {
      if (!local.knows(body.secret)) throw new RaasError("UNAUTHENTICATED", "this is not the secret of this start");
      const { url, expiresAt } = await local.link();
      return { url, expiresAt: iso(expiresAt) };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/session/siwe/nonce",
    name: "session.nonce",
    summary: "A nonce for Sign-In with Ethereum",
    access: "public",
    body: empty,
    response: z.object({ nonce: z.string(), domain: z.string(), uri: z.string(), expiresAt: z.string() }),
    secret: true,
    perMinute: SIGN_INS_PER_MINUTE,
    handle: async ({ services }) => {
      const { nonce, expiresAt } = await services.credentials.createNonce();
      const uri = services.origin();
      return { nonce, domain: new URL(uri).host, uri, expiresAt: iso(expiresAt) };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/session/siwe",
    name: "session.siwe",
    summary: "Sign in with Ethereum (EIP-4361; keys and ERC-1271 contracts)",
    access: "public",
    body: siweBody,
    response: sessionSchema,
    secret: true,
    perMinute: SIGN_INS_PER_MINUTE,
    handle: async ({ body, services, reply }) => {
      const uri = services.origin();
      const address = await verifySiwe({ ...body, uri, domain: new URL(uri).host, nowMs: services.nowMs() }, services);
      const user = await services.people.userOfAddress(address, { ownTeam: true });
      return await signIn(services, reply, user.id);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/session",
    name: "session.get",
    summary: "Who is signed in",
    access: "session",
    response: sessionSchema,
    handle: async ({ actor, services }) => {
      if (actor.kind === "token") throw new RaasError("FORBIDDEN", "a token has no session");
      return await sessionView(services, { userId: actor.id, csrf: actor.csrf, expiresAt: actor.expiresAt });
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/session",
    name: "session.end",
    summary: "Sign out",
    access: "session",
    handle: async ({ actor, services, reply }) => {
      if (actor.kind === "token") throw new RaasError("FORBIDDEN", "a token has no session");
      await services.credentials.endSession(actor.secret);
      reply.clearCookie(SESSION_COOKIE, { path: "/" });
    },
  }),
];
