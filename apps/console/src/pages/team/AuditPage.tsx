import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { auditQuery } from "../../api/queries.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice } from "../../ui/Notice.tsx";
import { TableScroll } from "../../ui/TableScroll.tsx";
import { DateTime } from "../../ui/Time.tsx";

const DETAILS_MAX = 300;

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
          <TableScroll label="Audit entries">
            <table>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">What</th>
                  <th scope="col">To what</th>
                  <th scope="col">Details</th>
                  <th scope="col">From</th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry) => (
                  <tr key={entry.id}>
                    <td className="quiet">
                      <DateTime iso={entry.at} />
                    </td>
                    <td>{entry.actor.name}</td>
                    <td>
                      <code>{entry.action}</code>
                    </td>
                    <td>
                      <code>{entry.target ?? ""}</code>
                    </td>
                    <td className="small quiet breakable">{detailsText(entry.details)}</td>
                    <td className="mono quiet">{entry.ip ?? ""}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableScroll>
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
