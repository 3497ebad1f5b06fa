import { z } from "zod";
import { attachChain } from "../../attach/attach.ts";
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
const attachmentSchema = z.object({
  systemConfig: z.string(),
  genesisHash: z.string(),
  rpcHost: z.string(),
  findings: z.array(findingSchema).describe("what was compared when it was attached; ok null: nothing to compare with"),
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
];
