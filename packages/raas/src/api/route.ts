import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Access, TeamRole } from "../auth/roles.ts";
import type { RollupRecord } from "../store/rollup-records.ts";
import type { Services } from "./services.ts";

/** Who asks: a person with a session, or a program with a token of one team. */
export type Actor =
  | {
      readonly kind: "user";
      readonly id: string;
      readonly name: string;
      readonly secret: string;
      readonly csrf: string;
      readonly expiresAt: number;
    }
  | {
      readonly kind: "token";
      readonly id: string;
      readonly name: string;
      readonly teamId: string;
      readonly role: TeamRole;
    };

export interface RouteContext<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly services: Services;
  /** Present unless the route is public. */
  readonly actor: Actor;
  /** The actor's role in the path's team. */
  readonly role: TeamRole;
  /** The path's rollup, which belongs to the path's team. */
  readonly rollup: RollupRecord;
  /** The actor's role in the path's team by now; throws when the actor may no longer be here. For answers that last. */
  readonly recheck: () => Promise<TeamRole | null>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface Route<P = unknown, Q = unknown, B = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below /api/v1, with :parameters. */
  readonly path: string;
  /** Unique; the operation's id, and the action in the audit log. */
  readonly name: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** Absent: 204, or what `content` says. */
  readonly response?: z.ZodType;
  readonly status?: number;
  /** Media type of an answer that is not JSON. */
  readonly content?: string;
  /** Asks, and changes nothing: no audit entry. */
  readonly readOnly?: boolean;
  /** The answer holds a secret: it is not kept for a second asking. */
  readonly secret?: boolean;
  /** Not for a chain that others run. */
  readonly managedOnly?: boolean;
  /** Stricter limit of requests a minute from one address. */
  readonly perMinute?: number;
  readonly handle: (context: RouteContext<P, Q, B>) => Promise<unknown>;
}

/** Keeps the types of one route together. */
export const defineRoute = <P = unknown, Q = unknown, B = unknown>(route: Route<P, Q, B>): Route =>
  route as unknown as Route;
