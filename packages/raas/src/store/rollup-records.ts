import type { Selectable } from "kysely";
import type { Desired, Phase, StepName } from "../core/decide.ts";
import { parseSpec } from "../spec/parse.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import type { Tables } from "./tables.ts";

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export interface RollupRecord {
  readonly id: string;
  readonly teamId: string;
  /** Whether we run it, or others do. */
  readonly kind: "managed" | "attached";
  readonly name: string;
  readonly networkId: string;
  readonly chainId: number;
  readonly revision: number;
  readonly desired: Desired;
  readonly phase: Phase;
  readonly problem: Problem | null;
  readonly ports: Ports | null;
  /** The restore that was asked for and is not done yet. */
  readonly restore: RestoreOrder | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly readyAt: number | null;
}

export type RollupOutline = Pick<RollupRecord, "id" | "teamId" | "revision" | "desired" | "phase" | "updatedAt">;

export interface RestoreOrder {
  readonly id: string;
  readonly actorId: string;
}

export interface Ports {
  readonly rpc: number;
  readonly flashblocks: number;
}

export interface StepRecord {
  readonly name: StepName;
  readonly status: "pending" | "running" | "done" | "failed";
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly detail: string | null;
  readonly problem: Problem | null;
  readonly result: unknown;
}

export interface Revision {
  readonly revision: number;
  readonly spec: RollupSpec;
  readonly authorId: string;
  readonly note: string | null;
  readonly createdAt: number;
}

export interface Page {
  readonly limit: number;
  /** Of the last item seen; lists go from the newest to the oldest. */
  readonly before?: string;
}

const parsed = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

export function recordOf(row: Selectable<Tables["rollups"]>): RollupRecord {
  return {
    id: row.id,
    teamId: row.team_id,
    kind: row.kind === "attached" ? "attached" : "managed",
    name: row.name,
    networkId: row.network_id,
    chainId: row.chain_id,
    revision: row.revision,
    desired: row.desired as Desired,
    phase: row.phase as Phase,
    problem: parsed<Problem>(row.problem),
    ports: parsed<Ports>(row.ports),
    restore: parsed<RestoreOrder>(row.restore),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    readyAt: row.ready_at,
  };
}

export function stepOf(row: Selectable<Tables["steps"]>): StepRecord {
  return {
    name: row.name as StepName,
    status: row.status as StepRecord["status"],
    attempt: row.attempt,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    detail: row.detail,
    problem: parsed<Problem>(row.problem),
    result: parsed(row.result),
  };
}

export function revisionOf(row: Selectable<Tables["revisions"]>): Revision {
  return {
    revision: row.revision,
    // Parsed by today's schema, so that fields that came later have their defaults.
    spec: parseSpec(JSON.parse(row.spec)),
    authorId: row.author_id,
    note: row.note,
    createdAt: row.created_at,
  };
}
