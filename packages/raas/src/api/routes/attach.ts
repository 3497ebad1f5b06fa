import { z } from "zod";
import { attachChain } from "../../attach/attach.ts";
import { orderMach, PEER, PEERS_MAX } from "../../attach/mach-order.ts";
import { RaasError } from "../../errors.ts";
import { address } from "../../spec/primitives.ts";
import { findingSchema } from "../../store/attachments.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { rollupParams, rollupSchema, teamParams } from "../schemas.ts";

const attachBody = z.strictObject({
  name: z.string().min(3).max(40),
  network: z.string().min(1).max(64),
  systemConfig: address,
  rpcUrl: z.string().max(2_000),
});
const machBody = z.strictObject({
  genesis: z.base64().max(1_000_000).describe("genesis.json, gzipped, in base64"),
  peers: z
    .array(z.string().max(200).regex(PEER, "is no /ip4/…/tcp/…/p2p/… or /ip6/…/tcp/…/p2p/…"))
    .min(1)
    .max(PEERS_MAX)
    .describe("multiaddresses of nodes that gossip the chain's unsafe blocks"),
  operators: z.number().int().min(1).max(8).default(4),
});
const attachmentSchema = z.object({
  systemConfig: z.string(),
  genesisHash: z.string(),
  rpcHost: z.string(),
  findings: z.array(findingSchema).describe("what was compared when it was attached; ok null: nothing to compare with"),
  mach: z
    .object({ peers: z.array(z.string()) })
    .nullable()
    .describe("the operators that the platform runs for it; null without any"),
});

export const attachRoutes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/teams/:team/attach",
    name: "rollups.attach",
    summary:
      "Add an OP-Stack chain that others run, by its SystemConfig and an RPC, once both are found to be of one chain",
    access: "operator",
    params: teamParams,
    body: attachBody,
    response: rollupSchema,
    status: 201,
    perMinute: 10,
    handle: async ({ params, body, actor, services }) => {
      const { network: networkId, ...rest } = body;
      const rollup = await attachChain({ ...rest, networkId, teamId: params.team, authorId: actor.id }, services);
      services.events.changed(rollup);
      services.reconciler.kick(rollup.id);
      return await services.present.full(rollup);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/attachment",
    name: "rollups.attachment",
    summary: "How an attached chain is reached, and what was verified",
    access: "viewer",
    params: rollupParams,
    response: attachmentSchema,
    handle: async ({ rollup, services: { attachments } }) => {
      const attachment = await attachments.find(rollup.id);
      if (attachment === null) throw new RaasError("NOT_FOUND", `${rollup.name} is not attached: we run it`);
      return attachment;
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/attachment/mach",
    name: "rollups.attachMach",
    summary: "Make a MACH service for an attached chain of a development network, and run its operators here",
    access: "operator",
    params: rollupParams,
    body: machBody,
    response: rollupSchema,
    status: 202,
    perMinute: 10,
    handle: async ({ rollup, body, actor, services }) => {
      const { events, reconciler, present } = services;
      const { genesis, peers, operators } = body;
      const order = { rollup, authorId: actor.id, genesis: Buffer.from(genesis, "base64"), peers, operators };
      const changed = await orderMach(order, services);
      events.changed(changed);
      reconciler.interrupt(changed.id);
      return await present.full(changed);
    },
  }),
];
