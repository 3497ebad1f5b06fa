import { z } from "zod";
import { publicHistory } from "../../alarms/history.ts";
import { exampleYaml, PRESETS } from "../../spec/example.ts";
import { specJsonSchema } from "../../spec/parse.ts";
import { notFound } from "../../store/rollups.ts";
import { drillResults } from "../present-recovery.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { proxyRpc, rpcAnswer } from "../rpc-proxy.ts";
import { listOf, networkParams, networkViewSchema, publicStatusSchema, rpcBody } from "../schemas.ts";
import { iso } from "../time.ts";

const statusParams = z.strictObject({
  rollup: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_-]+$/),
});

export const metaRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/health",
    name: "health",
    summary: "Whether the control plane serves",
    access: "public",
    response: z.object({ status: z.literal("ok"), version: z.string() }),
    handle: async ({ services }) => ({ status: "ok", version: services.version }),
  }),
  defineRoute({
    method: "GET",
    path: "/schema",
    name: "schema",
    summary: "JSON Schema of a rollup's spec, an example, and starting points",
    access: "public",
    response: z.object({ jsonSchema: z.unknown(), example: z.string(), presets: z.array(z.unknown()) }),
    handle: async () => ({ jsonSchema: specJsonSchema(), example: exampleYaml(), presets: PRESETS }),
  }),
  defineRoute({
    method: "GET",
    path: "/networks",
    name: "networks.list",
    summary: "Settlement networks to choose from",
    access: "session",
    response: listOf(networkViewSchema),
    handle: async ({ services: { networks } }) => ({
      items: await Promise.all(
        networks.all.map(async ({ id, name, chainId, development, blockTimeSeconds, explorerUrl, rpcUrl }) => {
          const head = await networks.request<string>(id, "eth_blockNumber").catch(() => null);
          return {
            id,
            name,
            chainId,
            development,
            blockTimeSeconds,
            explorerUrl,
            // A provider's URL carries its key; a development chain's is for everybody on this machine.
            rpcUrl: development ? rpcUrl : null,
            headNumber: head === null ? null : Number(head),
            reachable: head !== null,
          };
        }),
      ),
    }),
  }),
  defineRoute({
    method: "POST",
    path: "/networks/:network/rpc",
    name: "networks.rpc",
    summary: "JSON-RPC of a settlement network: reads, and signed transactions",
    access: "session",
    params: networkParams,
    body: rpcBody,
    response: rpcAnswer,
    readOnly: true,
    handle: async ({ params, body, services: { networks } }) =>
      await proxyRpc(networks.get(params.network).rpcUrl, body, "l1"),
  }),
  defineRoute({
    method: "GET",
    path: "/status/:rollup",
    name: "status.public",
    summary: "A rollup's public status, where its spec allows it",
    access: "public",
    params: statusParams,
    response: publicStatusSchema,
    handle: async ({ params, services: { rollups, live, alarms, drillStore, nowMs } }) => {
      const rollup = await rollups.get(params.rollup);
      const spec = await rollups.spec(rollup);
      if (!spec.access.publicStatus) throw notFound(params.rollup);
      const { heads } = await live.of(rollup);
      // What went wrong is public, how (addresses, amounts, hosts) is the team's.
      const problem =
        rollup.problem === null ? null : { code: rollup.problem.code, message: "The rollup needs attention." };
      const { name, chainId, phase, updatedAt } = rollup;
      const drills = await drillResults(rollup.id, drillStore);
      const history = await publicHistory(rollup, { nowMs: nowMs(), incidents: alarms.incidents });
      return { name, chainId, phase, heads, problem, updatedAt: iso(updatedAt), drills, ...history };
    },
  }),
];
