import { z } from "zod";
import { LAUNCH_STEPS } from "../../core/decide.ts";
import { RaasError } from "../../errors.ts";
import { paged } from "../paging.ts";
import { presentDrill, presentSnapshot } from "../present-recovery.ts";
import { drillBody, drillSchema, snapshotSchema } from "../recovery-schemas.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { confirmBody, listOf, pageOf, pageQuery, rollupParams, rollupSchema, snapshotBody } from "../schemas.ts";

export const recoveryRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/drills",
    name: "drills.list",
    summary: "What was rehearsed on copies of this rollup, and what came of it",
    access: "viewer",
    params: rollupParams,
    query: pageQuery,
    response: pageOf(drillSchema),
    handle: async ({ rollup, query, services: { drillStore } }) => {
      const { limit, cursor } = query;
      const page = { limit: limit + 1, ...(cursor === undefined ? {} : { before: cursor }) };
      return paged(query, await drillStore.list(rollup.id, page), presentDrill);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/drills",
    name: "drills.begin",
    managedOnly: true,
    summary:
      "Rehearse a restore, a withdrawal without the platform, a forced inclusion or a network upgrade, on an isolated copy",
    access: "operator",
    params: rollupParams,
    body: drillBody,
    response: drillSchema,
    status: 202,
    handle: async ({ rollup, body, actor, services: { drills } }) =>
      presentDrill(await drills.begin(rollup, body.kind, actor.id)),
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/snapshots",
    name: "snapshots.list",
    summary: "Snapshots of the chain that the platform keeps, newest first",
    access: "viewer",
    params: rollupParams,
    response: listOf(snapshotSchema),
    handle: async ({ rollup, services: { snapshots } }) => ({
      items: (await snapshots.list(rollup.id)).map(presentSnapshot),
    }),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/snapshot",
    name: "rollups.snapshot",
    managedOnly: true,
    summary: "Write a snapshot of the chain beside the rollup's data",
    access: "operator",
    params: rollupParams,
    body: snapshotBody,
    response: z.object({ file: z.string(), blockNumber: z.number(), blockHash: z.string(), bytes: z.number() }),
    handle: async ({ rollup, body, services: { snapshots } }) => await snapshots.take(rollup.id, body.block),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/restore",
    name: "rollups.restore",
    managedOnly: true,
    summary: "Put the node's data aside and start it from the newest whole snapshot and the settlement network",
    access: "operator",
    params: rollupParams,
    body: confirmBody,
    response: rollupSchema,
    status: 202,
    handle: async ({ rollup, body, actor, services }) => {
      const { rollups, reconciler, events, present } = services;
      if (body.confirm !== rollup.name) {
        throw new RaasError("BAD_REQUEST", `to restore it, confirm by the rollup's name (${rollup.name})`);
      }
      const done = new Set(
        (await rollups.steps(rollup.id)).flatMap(({ name, status }) => (status === "done" ? name : [])),
      );
      if (!LAUNCH_STEPS.every((name) => done.has(name))) {
        throw new RaasError("CONFLICT", `${rollup.name} was not launched yet: there is nothing to restore`);
      }
      const ordered = await rollups.orderRestore(rollup.id, actor.id);
      events.changed(ordered);
      reconciler.interrupt(rollup.id);
      return await present.full(ordered);
    },
  }),
];
