import type { PublicIncident, PublicStatus } from "../../api/types.ts";
import { formatDuration } from "../../chain/format.ts";
import { Badge } from "../../ui/Badge.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Empty } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { useNow } from "../../ui/use-now.ts";
import "./history.css";

const DAY_MS = 86_400_000;
const DAYS = 90;
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** How much of the time it served, day by day and in all, and what went wrong. */
export function History({ status }: { readonly status: PublicStatus }) {
  const { uptime, incidents, since } = status;
  if (since === null) return null;
  return (
    <>
      <section className="card" aria-labelledby="uptime-title">
        <div className="card-head">
          <h2 id="uptime-title">Uptime</h2>
          <span className="small quiet">
            Since <DateTime iso={since} />
          </span>
        </div>
        <dl className="figures flush">
          <Uptime title="24 hours" percent={uptime.day} />
          <Uptime title="30 days" percent={uptime.month} />
          <Uptime title="90 days" percent={uptime.quarter} />
        </dl>
        <Days incidents={incidents} since={Date.parse(since)} />
      </section>
      <section className="card" aria-labelledby="incidents-title">
        <div className="card-head">
          <h2 id="incidents-title">Incidents of the last 90 days</h2>
        </div>
        {incidents.length === 0 ? (
          <Empty title="None">Nothing has gone wrong.</Empty>
        ) : (
          <DataTable label="Incidents" columns={COLUMNS} items={incidents} keyOf={({ id }) => id} />
        )}
      </section>
    </>
  );
}

const Uptime = ({ title, percent }: { readonly title: string; readonly percent: number | null }) => (
  <div>
    <dt>{title}</dt>
    <dd>{percent === null ? "-" : `${percent} %`}</dd>
  </div>
);

/** A bar a day, the newest last: what it had of outages and other incidents. */
function Days({ incidents, since }: { readonly incidents: readonly PublicIncident[]; readonly since: number }) {
  const now = useNow();
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const days = Array.from({ length: DAYS }, (_, index) => {
    const start = today - (DAYS - 1 - index) * DAY_MS;
    const of = incidents.filter(
      ({ raisedAt, clearedAt }) =>
        Date.parse(raisedAt) < start + DAY_MS && (clearedAt === null ? now : Date.parse(clearedAt)) >= start,
    );
    const known = start + DAY_MS > since;
    const state = !known ? "unknown" : of.some(({ outage }) => outage) ? "bad" : of.length > 0 ? "warn" : "good";
    const words = { unknown: "not measured", bad: "an outage", warn: "an incident", good: "nothing" }[state];
    return { start, state, text: `${day.format(start)}: ${words}` };
  });
  return (
    <ul className="uptime-days" aria-label="Day by day">
      {days.map(({ start, state, text }) => (
        <li key={start} className={state} title={text}>
          <span className="visually-hidden">{text}</span>
        </li>
      ))}
    </ul>
  );
}

const COLUMNS: readonly Column<PublicIncident>[] = [
  { title: "What", names: true, cell: ({ title }) => title },
  { title: "Since", className: "quiet", cell: ({ raisedAt }) => <DateTime iso={raisedAt} /> },
  {
    title: "Until",
    className: "quiet",
    cell: ({ clearedAt, outage }) =>
      clearedAt === null ? <Badge tone={outage ? "bad" : "warn"}>lasts</Badge> : <DateTime iso={clearedAt} />,
  },
  {
    title: "Lasted",
    className: "quiet",
    cell: ({ raisedAt, clearedAt }) =>
      clearedAt === null ? "" : formatDuration(Date.parse(clearedAt) - Date.parse(raisedAt)),
  },
];
