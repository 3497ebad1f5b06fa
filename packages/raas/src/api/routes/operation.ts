import { z } from "zod";
import { atLeast, type TeamRole } from "../../auth/roles.ts";
import { RaasError } from "../../errors.ts";
import { exportRollup } from "../../export.ts";
import type { RollupRecord } from "../../store/rollup-records.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { proxyRpc, rpcAnswer } from "../rpc-proxy.ts";
import {
  exportBody,
  faucetBody,
  listOf,
  liveSchema,
  logLineSchema,
  rollupParams,
  rpcBody,
  teamParams,
} from "../schemas.ts";
import type { Services } from "../services.ts";
import { openStream } from "../sse.ts";

const LIVE_EVERY_MS = 1_000;
/** Changes of one rollup within this time are told once. */
const COALESCE_MS = 50;

function endpointOf({ runtime }: Services, rollup: RollupRecord): string {
  const running = runtime.running(rollup.id);
  if (running === null) throw new RaasError("NOT_RUNNING", `${rollup.name} does not run: start it first`);
  return running.endpoints.rpc;
}

/** Runs `work` soon after a call, once for all calls until then. */
function coalesced<T>(work: (value: T) => Promise<void>): (key: string, value: T) => void {
  const due = new Set<string>();
  return (key, value) => {
    if (due.has(key)) return;
    due.add(key);
    setTimeout(() => {
      due.delete(key);
      work(value).catch(() => {});
    }, COALESCE_MS);
  };
}

export const operationRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/status",
    name: "rollups.status",
    summary: "Heads, throughput, balances and alarms right now",
    access: "viewer",
    params: rollupParams,
    response: liveSchema,
    handle: async ({ rollup, services: { live } }) => await live.of(rollup),
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/logs",
    name: "rollups.logs",
    summary: "The newest lines of the node's log",
    access: "operator",
    params: rollupParams,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(200) }),
    response: listOf(logLineSchema),
    handle: async ({ rollup, query, services: { logs } }) => ({ items: logs.newest(rollup.id, query.limit) }),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/rpc",
    name: "rollups.rpc",
    summary: "JSON-RPC of the rollup's node",
    access: "viewer",
    params: rollupParams,
    body: rpcBody,
    response: rpcAnswer,
    readOnly: true,
    handle: async ({ rollup, body, services }) => await proxyRpc(endpointOf(services, rollup), body, "l2"),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/faucet",
    name: "rollups.faucet",
    managedOnly: true,
    summary: "Ether for an account, on development networks",
    access: "operator",
    params: rollupParams,
    body: faucetBody,
    response: z.object({ transactionHash: z.string(), amountWei: z.string() }),
    perMinute: 30,
    handle: async ({ rollup, body, services }) => {
      const { networks, keys, faucet } = services;
      if (!networks.get(rollup.networkId).development) {
        throw new RaasError("FORBIDDEN", "there is a faucet on development networks only");
      }
      const rpcUrl = endpointOf(services, rollup);
      return await faucet.drip({
        rollupId: rollup.id,
        rpcUrl,
        chainId: rollup.chainId,
        to: body.address,
        account: await keys.account(rollup.id, "faucet"),
      });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/export",
    name: "rollups.export",
    managedOnly: true,
    summary: "Fence our sequencer for good and take everything that running the rollup elsewhere needs",
    access: "owner",
    params: rollupParams,
    body: exportBody,
    content: "application/gzip",
    secret: true,
    perMinute: 10,
    handle: async ({ rollup, body, services, reply }) => {
      const archive = await exportRollup({ rollup, password: body.password }, services);
      reply.type("application/gzip").header("content-disposition", `attachment; filename="${rollup.name}.tar.gz"`);
      return archive;
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/events",
    name: "teams.events",
    summary: "Changes of the team's rollups as they happen",
    access: "viewer",
    params: teamParams,
    content: "text/event-stream",
    handle: async ({ actor, params, services: { events, rollups, present }, recheck, request, reply }) => {
      const stream = openStream(request, reply, { who: actor.id, recheck });
      const tell = coalesced(async (id: string) => stream.send("rollup", present.summary(await rollups.get(id))));
      stream.onClose(
        events.on((event) => {
          if (event.kind === "changed" && event.teamId === params.team) tell(event.rollupId, event.rollupId);
        }),
      );
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/events",
    name: "rollups.events",
    summary: "A rollup's changes, steps, live figures, and with logs=true its log, as they happen",
    access: "viewer",
    params: rollupParams,
    query: z.strictObject({ logs: z.enum(["true", "false"]).default("false") }),
    content: "text/event-stream",
    handle: async ({ actor, rollup, role, query, services, recheck, request, reply }) => {
      const { events, rollups, present, live, logs } = services;
      const withLogs = query.logs === "true";
      const requireLogs = (now: TeamRole) => {
        if (withLogs && !atLeast(now, "operator")) throw new RaasError("FORBIDDEN", "logs are for operators");
      };
      requireLogs(role);
      // Who becomes a viewer while the stream is open reads no log any more.
      const still = async () => requireLogs((await recheck()) ?? "viewer");
      const stream = openStream(request, reply, { who: actor.id, recheck: still });
      const tell = coalesced(async () => stream.send("rollup", await present.full(await rollups.get(rollup.id))));
      stream.onClose(
        events.on((event) => {
          if (event.rollupId !== rollup.id) return;
          if (event.kind === "step") stream.send("step", present.step(event.step));
          else tell("rollup", undefined);
        }),
      );
      if (withLogs) {
        for (const line of logs.newest(rollup.id, 200)) stream.send("log", line);
        stream.onClose(logs.follow(rollup.id, (line) => stream.send("log", line)));
      }
      tell("rollup", undefined);
      const tellLive = async () => {
        if (services.runtime.running(rollup.id) === null) return;
        stream.send("live", await live.of(await rollups.get(rollup.id)));
      };
      const timer = setInterval(() => void tellLive().catch(() => {}), LIVE_EVERY_MS);
      timer.unref();
      stream.onClose(() => clearInterval(timer));
    },
  }),
];
