import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { incidentsQuery } from "../../api/alarms.ts";
import { rollupsQuery } from "../../api/queries.ts";
import type { Incident } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { Deliveries } from "./Deliveries.tsx";
import { Destinations } from "./Destinations.tsx";

/** What went wrong with the team's rollups, and who is told. */
export function AlarmsPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/alarms" });
  const team = useTeam();
  useTitle("Alarms", team.name);
  const forbidden = team.reasonNot("operator");
  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>Alarms</h1>
          <p className="quiet">
            Every rollup is looked at every few seconds. What is wrong is kept for 90 days and told to your
            destinations, once when it begins and once when it is over.
          </p>
        </div>
      </div>
      <Destinations teamId={teamId} forbidden={forbidden} />
      <Incidents teamId={teamId} />
      {forbidden === undefined ? <Deliveries teamId={teamId} /> : null}
    </>
  );
}

function Incidents({ teamId }: { readonly teamId: string }) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(incidentsQuery(teamId));
  const { data: rollups } = useQuery(rollupsQuery(teamId));
  const incidents = data?.pages.flatMap(({ items }) => items);
  const columns: readonly Column<Incident>[] = [
    {
      title: "Alarm",
      names: true,
      cell: ({ message, code }) => (
        <div className="stack tight">
          <span>{message}</span>
          <code className="small quiet">{code}</code>
        </div>
      ),
    },
    {
      title: "Rollup",
      cell: ({ rollupId }) => (
        <Link to="/teams/$team/rollups/$rollup" params={{ team: teamId, rollup: rollupId }}>
          {rollups?.items.find(({ id }) => id === rollupId)?.name ?? rollupId}
        </Link>
      ),
    },
    { title: "Since", className: "quiet", cell: ({ raisedAt }) => <DateTime iso={raisedAt} /> },
    {
      title: "Until",
      className: "quiet",
      cell: ({ clearedAt, severity }) =>
        clearedAt === null ? (
          <Badge tone={severity === "critical" ? "bad" : "warn"}>{severity}</Badge>
        ) : (
          <DateTime iso={clearedAt} />
        ),
    },
  ];
  return (
    <section className="card" aria-labelledby="incidents-title">
      <div className="card-head">
        <h2 id="incidents-title">What went wrong</h2>
      </div>
      {error === null ? null : <ErrorNotice error={error} />}
      {incidents === undefined ? (
        <Loading lines={3} />
      ) : incidents.length === 0 ? (
        <Empty title="No alarms">Nothing has gone wrong in the last 90 days.</Empty>
      ) : (
        <DataTable label="Alarms" columns={columns} items={incidents} keyOf={({ id }) => id} />
      )}
      {hasNextPage ? (
        <div className="card-body">
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show older
          </Button>
        </div>
      ) : null}
    </section>
  );
}
