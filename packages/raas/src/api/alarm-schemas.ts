import { z } from "zod";
import { ALARM_CODES } from "../core/alarms.ts";
import { pageQuery, teamParams } from "./schemas.ts";

const time = z.string().describe("ISO 8601, UTC");
const severity = z.enum(["warning", "critical"]);
const pathId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/);
const name = z.string().trim().min(1).max(80);

export const destinationParams = teamParams.extend({ destination: pathId });
export const incidentsQuery = pageQuery.extend({
  rollup: pathId.optional(),
  open: z.enum(["true", "false"]).default("false").describe("true: only those that stand"),
});
export const incidentSchema = z.object({
  id: z.string(),
  rollupId: z.string(),
  code: z.enum(ALARM_CODES),
  severity,
  title: z.string().describe("fit for everybody"),
  message: z.string().describe("for the team: with figures"),
  raisedAt: time,
  clearedAt: time.nullable(),
});
const destinationSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(["webhook", "email"]),
  target: z.string().describe("URL, or address"),
  minSeverity: severity,
  createdAt: time,
});
export const newDestinationSchema = destinationSchema.extend({
  secret: z.string().nullable().describe("of a webhook, shown this once: it checks the signatures (Standard Webhooks)"),
});
export const createDestinationBody = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webhook"),
    name,
    url: z.string().max(2_000),
    minSeverity: severity.default("warning"),
  }),
  z.strictObject({
    kind: z.literal("email"),
    name,
    address: z.email().max(254),
    minSeverity: severity.default("warning"),
  }),
]);
export const testSchema = z.object({ delivered: z.boolean(), problem: z.string().nullable() });
export const deliverySchema = z.object({
  id: z.string(),
  destinationId: z.string(),
  incidentId: z.string().nullable(),
  kind: z.enum(["raised", "cleared", "test"]),
  status: z.enum(["pending", "delivered", "failed"]),
  attempts: z.number(),
  nextAt: time.nullable(),
  problem: z.string().nullable(),
  createdAt: time,
  endedAt: time.nullable(),
});
export const alarmChannelsSchema = z.object({
  items: z.array(destinationSchema),
  email: z.boolean().describe("whether this platform can send e-mail"),
});
