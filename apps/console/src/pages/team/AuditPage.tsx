import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { auditQuery } from "../../api/queries.ts";
import type { AuditEntry } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import type { Column } from "../../ui/DataTable.tsx";
import { DataTable } from "../../ui/DataTable.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";

const DETAILS_MAX = 300;

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "When", className: "quiet", cell: ({ at }) => <DateTime iso={at} /> },
  { title: "Who", className: "breakable", cell: ({ actor }) => actor.name },
  { title: "What", cell: ({ action }) => <code>{action}</code> },
  { title: "To what", cell: ({ target }) => <code>{target ?? ""}</code> },
  { title: "Details", className: "small quiet breakable", cell: ({ details }) => detailsText(details) },
  { title: "From", className: "mono quiet", cell: ({ ip }) => ip ?? "" },
];

/** Who did what, newest first. */
export function AuditPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/audit" });
  const team = useTeam();
  const forbidden = team.reasonNot("operator");
  const audit = useInfiniteQuery({ ...auditQuery(teamId), enabled: forbidden === undefined });
  useTitle("Audit", team.name);
  const entries = audit.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <div className="stack tight">
        <h1>Audit</h1>
        <p className="quiet">Everything that people and tokens of this team did or tried.</p>
      </div>
      {audit.isError ? <ErrorNotice error={audit.error} /> : null}
      <div className="card">
        {forbidden !== undefined ? (
          <Empty title="You do not see the audit">{forbidden}</Empty>
        ) : audit.isPending ? (
          <Loading />
        ) : entries.length === 0 ? (
          <Empty title="Nothing happened yet" />
        ) : (
          <DataTable label="Audit entries" columns={COLUMNS} items={entries} keyOf={({ id }) => id} />
        )}
      </div>
      {audit.hasNextPage ? (
        <div>
          <Button busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
            Older
          </Button>
        </div>
      ) : null}
    </>
  );
}

function detailsText(details: unknown): string {
  if (typeof details !== "object" || details === null)
    return details === undefined || details === null ? "" : String(details);
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ")
    .slice(0, DETAILS_MAX);
}
