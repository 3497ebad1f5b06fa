import { newWebhookSecret } from "../../alarms/webhook.ts";
import { ALARMS } from "../../core/alarms.ts";
import { RaasError } from "../../errors.ts";
import type { Delivery } from "../../store/deliveries.ts";
import type { Destination } from "../../store/destinations.ts";
import type { Incident } from "../../store/incidents.ts";
import {
  alarmChannelsSchema,
  createDestinationBody,
  deliverySchema,
  destinationParams,
  incidentSchema,
  incidentsQuery,
  newDestinationSchema,
  testSchema,
} from "../alarm-schemas.ts";
import { paged } from "../paging.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { empty, pageOf, pageQuery, teamParams } from "../schemas.ts";
import { iso, isoOrNull } from "../time.ts";

const incidentView = ({ id, rollupId, code, message, raisedAt, clearedAt }: Incident) => ({
  id,
  rollupId,
  code,
  severity: ALARMS[code].severity,
  title: ALARMS[code].title,
  message,
  raisedAt: iso(raisedAt),
  clearedAt: isoOrNull(clearedAt),
});

const destinationView = ({ id, name, kind, target, minSeverity, createdAt }: Destination) => ({
  id,
  name,
  kind,
  target,
  minSeverity,
  createdAt: iso(createdAt),
});

const deliveryView = ({ nextAt, createdAt, endedAt, status, ...delivery }: Delivery) => ({
  id: delivery.id,
  destinationId: delivery.destinationId,
  incidentId: delivery.incidentId,
  kind: delivery.kind,
  attempts: delivery.attempts,
  problem: delivery.problem,
  status,
  nextAt: status === "pending" ? iso(nextAt) : null,
  createdAt: iso(createdAt),
  endedAt: isoOrNull(endedAt),
});

const before = (cursor: string | undefined) => (cursor === undefined ? {} : { before: cursor });

export const alarmRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams/:team/alarms",
    name: "alarms.list",
    summary: "Alarms of the team's rollups, those that stand and those of the last 90 days",
    access: "viewer",
    params: teamParams,
    query: incidentsQuery,
    response: pageOf(incidentSchema),
    handle: async ({ params, query, services: { alarms } }) => {
      const { limit, cursor, rollup, open } = query;
      const filter = { limit: limit + 1, ...before(cursor), ...(rollup === undefined ? {} : { rollupId: rollup }) };
      const incidents = await alarms.incidents.list(params.team, { ...filter, open: open === "true" });
      return paged(query, incidents, incidentView);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/alarm-destinations",
    name: "destinations.list",
    summary: "Where the team's alarms are told",
    access: "operator",
    params: teamParams,
    response: alarmChannelsSchema,
    handle: async ({ params, services: { alarms } }) => ({
      items: (await alarms.destinations.list(params.team)).map(destinationView),
      email: alarms.courier.sendsMail,
    }),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/alarm-destinations",
    name: "destinations.create",
    summary: "Tell alarms to a webhook or an e-mail address; a webhook's secret is shown once",
    access: "operator",
    params: teamParams,
    body: createDestinationBody,
    response: newDestinationSchema,
    status: 201,
    secret: true,
    perMinute: 30,
    handle: async ({ params, body, actor, services: { alarms, outbound } }) => {
      const { kind, name, minSeverity } = body;
      const common = { teamId: params.team, name, kind, minSeverity, createdBy: actor.id };
      if (body.kind === "email") {
        if (!alarms.courier.sendsMail) {
          throw new RaasError("MAIL_NOT_CONFIGURED", "this platform has no mail server: use a webhook");
        }
        const made = await alarms.destinations.add({ ...common, target: body.address, secret: null });
        return { ...destinationView(made), secret: null };
      }
      const secret = newWebhookSecret();
      const made = await alarms.destinations.add({ ...common, target: outbound.check(body.url).href, secret });
      return { ...destinationView(made), secret };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/teams/:team/alarm-destinations/:destination",
    name: "destinations.remove",
    summary: "Tell this destination nothing more",
    access: "operator",
    params: destinationParams,
    handle: async ({ params, services: { alarms } }) =>
      await alarms.destinations.remove(params.team, params.destination),
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/alarm-destinations/:destination/test",
    name: "destinations.test",
    summary: "Send a test message now, and tell what came of it",
    access: "operator",
    params: destinationParams,
    body: empty,
    response: testSchema,
    perMinute: 10,
    handle: async ({ params, services: { alarms, people } }) => {
      const destination = await alarms.destinations.get(params.team, params.destination);
      const { id, name } = await people.team(params.team);
      const outcome = await alarms.courier.test(destination, { id, name });
      return { delivered: outcome.kind === "delivered", problem: outcome.kind === "failed" ? outcome.problem : null };
    },
  }),
  defineRoute({
    method: "GET",
    path: "/teams/:team/alarm-deliveries",
    name: "deliveries.list",
    summary: "Messages that were sent, wait or failed",
    access: "operator",
    params: teamParams,
    query: pageQuery,
    response: pageOf(deliverySchema),
    handle: async ({ params, query, services: { alarms } }) => {
      const page = { limit: query.limit + 1, ...before(query.cursor) };
      return paged(query, await alarms.deliveries.list(params.team, page), deliveryView);
    },
  }),
];
