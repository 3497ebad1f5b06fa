import { z } from "zod";
import { RaasError } from "../../errors.ts";
import { GENESIS_FILE, ROLLUP_FILE, readChainFiles, scheduledFiles } from "../../runtime/chain-files.ts";
import { paged } from "../paging.ts";
import type { Route, RouteContext } from "../route.ts";
import { defineRoute } from "../route.ts";
import {
  confirmBody,
  empty,
  listOf,
  PHASES,
  pageOf,
  pageQuery,
  planSchema,
  putSpecBody,
  revisionSchema,
  rollbackBody,
  rollupParams,
  rollupSchema,
  rollupSummarySchema,
  specBody,
  stepSchema,
  teamParams,
} from "../schemas.ts";
import { iso } from "../time.ts";

const listQuery = pageQuery.extend({ phase: z.enum(PHASES).optional() });

/** Tells reconciler and listeners that somebody wants something else. */
function wanted(
  { services: { reconciler, events } }: RouteContext<unknown, unknown, unknown>,
  rollup: { id: string; teamId: string },
): void {
  events.changed(rollup);
  reconciler.interrupt(rollup.id);
}

export const rollupRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups",
    name: "rollups.list",
    summary: "The team's rollups",
    access: "viewer",
    params: teamParams,
    query: listQuery,
    response: pageOf(rollupSummarySchema),
    handle: async ({ params, query, services: { rollups, present } }) => {
      const { limit, cursor, phase } = query;
      const page = { limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) };
      return paged(query, await rollups.list(params.team, page, phase), (rollup) => present.summary(rollup));
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/plan",
    name: "rollups.planNew",
    summary: "Check a spec and tell what a launch would do",
    access: "operator",
    params: teamParams,
    body: specBody,
    response: planSchema,
    readOnly: true,
    handle: async ({ params, body, services: { planner, rollups } }) => {
      const plan = planner.forNew(body.spec);
      await rollups.requireFree(params.team, body.spec);
      return plan;
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups",
    name: "rollups.create",
    summary: "Launch a rollup",
    access: "operator",
    params: teamParams,
    body: specBody,
    response: rollupSchema,
    status: 201,
    handle: async (context) => {
      const { params, body, actor, services } = context;
      services.planner.checkNew(body.spec);
      const rollup = await services.rollups.create({ teamId: params.team, spec: body.spec, authorId: actor.id });
      wanted(context, rollup);
      return await services.present.full(rollup);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup",
    name: "rollups.get",
    summary: "One rollup",
    access: "viewer",
    params: rollupParams,
    response: rollupSchema,
    handle: async ({ rollup, services: { present } }) => await present.full(rollup),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/plan",
    name: "rollups.plan",
    summary: "What a changed spec would do",
    access: "operator",
    params: rollupParams,
    body: specBody,
    response: planSchema,
    readOnly: true,
    handle: async ({ rollup, body, services: { planner } }) => await planner.forChange(rollup, body.spec),
  }),
  defineRoute({
    method: "PUT",
    path: "/teams/:team/rollups/:rollup/spec",
    name: "rollups.change",
    summary: "Carry out a plan",
    access: "operator",
    params: rollupParams,
    body: putSpecBody,
    response: rollupSchema,
    handle: async (context) => {
      const { rollup, body, actor, services } = context;
      await services.planner.requirePossible(rollup, body.spec);
      const revised = await services.rollups.revise({
        id: rollup.id,
        base: body.revision,
        spec: body.spec,
        authorId: actor.id,
        note: body.note ?? null,
      });
      wanted(context, revised);
      return await services.present.full(revised);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/revisions",
    name: "rollups.revisions",
    summary: "Every spec that the rollup has had",
    access: "viewer",
    params: rollupParams,
    query: pageQuery,
    response: pageOf(revisionSchema),
    handle: async ({ rollup, query, services: { rollups, people } }) => {
      const before = query.cursor === undefined ? {} : { before: Number(query.cursor) };
      if (!/^\d{1,15}$/.test(query.cursor ?? "0")) throw new RaasError("BAD_REQUEST", "this cursor is none of ours");
      const revisions = await rollups.revisions(rollup.id, { limit: query.limit + 1, ...before });
      const names = new Map((await people.members(rollup.teamId)).map(({ userId, name }) => [userId, name]));
      return paged(
        query,
        revisions.map((revision) => ({ ...revision, id: String(revision.revision) })),
        ({ revision, spec, authorId, createdAt, note }) => ({
          revision,
          spec,
          author: { id: authorId, name: names.get(authorId) ?? authorId },
          createdAt: iso(createdAt),
          note,
        }),
      );
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/rollback",
    name: "rollups.rollback",
    summary: "Go back to an earlier spec, where that is the truth",
    access: "operator",
    params: rollupParams,
    body: rollbackBody,
    response: rollupSchema,
    handle: async (context) => {
      const { rollup, body, actor, services } = context;
      const { spec } = await services.rollups.revision(rollup.id, body.to);
      await services.planner.requireRollback(rollup, spec);
      const revised = await services.rollups.revise({
        id: rollup.id,
        base: body.revision,
        spec,
        authorId: actor.id,
        note: `rolled back to revision ${body.to}`,
      });
      wanted(context, revised);
      return await services.present.full(revised);
    },
  }),
  ...(["stop", "start"] as const).map((verb) =>
    defineRoute({
      method: "POST",
      path: `/teams/:team/rollups/:rollup/${verb}`,
      name: `rollups.${verb}`,
      summary: verb === "stop" ? "Stop the rollup's node" : "Start the rollup's node",
      access: "operator",
      params: rollupParams,
      body: empty,
      response: rollupSchema,
      handle: async (context) => {
        const { rollup, services } = context;
        const changed = await services.rollups.setDesired(rollup.id, verb === "stop" ? "stopped" : "running");
        wanted(context, changed);
        return await services.present.full(changed);
      },
    }),
  ),
  defineRoute({
    method: "DELETE",
    path: "/teams/:team/rollups/:rollup",
    name: "rollups.destroy",
    summary: "Stop the rollup for good and remove its data here; its contracts stay on the settlement network",
    access: "owner",
    params: rollupParams,
    body: confirmBody,
    response: rollupSchema,
    status: 202,
    handle: async (context) => {
      const { rollup, body, services } = context;
      if (body.confirm !== rollup.name) {
        throw new RaasError("BAD_REQUEST", `to destroy it, confirm by the rollup's name (${rollup.name})`);
      }
      const changed = await services.rollups.setDesired(rollup.id, "destroyed");
      wanted(context, changed);
      return await services.present.full(changed);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/steps",
    name: "rollups.steps",
    summary: "How far the launch has come",
    access: "viewer",
    params: rollupParams,
    response: listOf(stepSchema),
    handle: async ({ rollup, services: { rollups, present } }) => ({
      items: present.steps(await rollups.steps(rollup.id)),
    }),
  }),
  ...([GENESIS_FILE, ROLLUP_FILE] as const).map((file) =>
    defineRoute({
      method: "GET",
      path: `/teams/:team/rollups/:rollup/chain-files/${file}`,
      name: file === GENESIS_FILE ? "rollups.genesisFile" : "rollups.rollupFile",
      summary: `${file} with the fork schedule as it is wanted now: what every node of the chain needs`,
      access: "viewer",
      managedOnly: true,
      params: rollupParams,
      content: "application/json",
      perMinute: 120,
      handle: async ({ rollup, services: { rollups, directoryOf }, reply }) => {
        const files = await readChainFiles(directoryOf(rollup.id)).catch((cause: unknown) => {
          throw new RaasError("CONFLICT", `${rollup.name} was not launched yet: it has no genesis`, { cause });
        });
        const scheduled = scheduledFiles(files, await rollups.spec(rollup));
        reply.type("application/json").header("content-disposition", `attachment; filename="${file}"`);
        return file === GENESIS_FILE ? scheduled.genesisJson : scheduled.rollupJson;
      },
    }),
  ),
];
