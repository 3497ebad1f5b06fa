import { ALARMS } from "../core/alarms.ts";
import { uptimePercent } from "../core/uptime.ts";
import { INCIDENTS_MS, type IncidentStore } from "../store/incidents.ts";
import type { RollupRecord } from "../store/rollup-records.ts";

const DAY_MS = 86_400_000;
const LISTED_MAX = 200;
/** More than these are no longer a list of incidents: the uptime is then of those. */
const COUNTED_MAX = 5_000;

const iso = (ms: number): string => new Date(ms).toISOString();

/** What the public may know of a rollup's past: what went wrong and when, in general words, and how much of the time it served. */
export async function publicHistory(
  rollup: RollupRecord,
  { nowMs, incidents }: { readonly nowMs: number; readonly incidents: IncidentStore },
) {
  const past = await incidents.since(rollup.id, nowMs - INCIDENTS_MS, COUNTED_MAX);
  const outages = past.filter(({ code }) => ALARMS[code].outage);
  const percent = (windowMs: number) =>
    rollup.readyAt === null
      ? null
      : uptimePercent(outages, { from: Math.max(rollup.readyAt, nowMs - windowMs), to: nowMs });
  return {
    since: rollup.readyAt === null ? null : iso(rollup.readyAt),
    uptime: { day: percent(DAY_MS), month: percent(30 * DAY_MS), quarter: percent(INCIDENTS_MS) },
    incidents: past
      .filter(({ code }) => ALARMS[code].confidential !== true)
      .slice(0, LISTED_MAX)
      .map(({ id, code, raisedAt, clearedAt }) => ({
        id,
        code,
        severity: ALARMS[code].severity,
        title: ALARMS[code].title,
        outage: ALARMS[code].outage,
        raisedAt: iso(raisedAt),
        clearedAt: clearedAt === null ? null : iso(clearedAt),
      })),
  };
}
