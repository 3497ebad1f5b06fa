import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { drillsQuery, rollupPath } from "../../api/queries.ts";
import type { Drill, DrillKind, Rollup } from "../../api/types.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { StepItem } from "../rollup/LaunchProgress.tsx";
import "../../form/form.css";
import "../rollup/steps.css";

const KINDS: readonly { readonly kind: DrillKind; readonly title: string; readonly about: string }[] = [
  {
    kind: "restore",
    title: "Restore from a snapshot",
    about:
      "A copy starts from a snapshot alone, derives the rest from the settlement network, and must come to the same blocks.",
  },
  {
    kind: "withdrawal",
    title: "Withdrawal without the platform",
    about: "On a copy of the settlement network without any of our keys, a stranger proposes, proves and is paid out.",
  },
  {
    kind: "forced-inclusion",
    title: "Forced inclusion with a dead sequencer",
    about:
      "A user's transaction goes in through the portal; once the sequencing window has passed, every follower must have it.",
  },
  {
    kind: "upgrade",
    title: "Network upgrade",
    about:
      "A copy makes blocks across the activation of the next fork; a follower must derive the same, and a withdrawal must still be paid out.",
  },
];

/** A button for each rehearsal, and what came of the last. */
export function Drills({ rollup }: { readonly rollup: Rollup }) {
  const team = useTeam();
  const queries = useQueryClient();
  const query = drillsQuery(rollup.teamId, rollup.id);
  const { data, isError, error } = useQuery(query);
  const begin = useMutation({
    mutationFn: (kind: DrillKind) =>
      request<Drill>(`${rollupPath(rollup.teamId, rollup.id)}/drills`, { method: "POST", body: { kind } }),
    onSettled: () => queries.invalidateQueries({ queryKey: query.queryKey }),
  });
  const drills = data?.items ?? [];
  const running = drills.find(({ status }) => status === "running");
  const reason =
    team.reasonNot("operator") ??
    (rollup.phase === "running" ? undefined : "The rollup does not run: start it first.") ??
    (running === undefined ? undefined : "Another drill is under way.");
  return (
    <section className="card" aria-labelledby="drills-title">
      <div className="card-head">
        <h2 id="drills-title">Drills</h2>
      </div>
      {isError ? (
        <div className="card-body">
          <ErrorNotice error={error} />
        </div>
      ) : null}
      {begin.isError ? (
        <div className="card-body">
          <ErrorNotice error={begin.error} title="Not begun" />
        </div>
      ) : null}
      {KINDS.map(({ kind, title, about }) => {
        const last = drills.find((drill) => drill.kind === kind);
        return (
          <div key={kind} className="spec-field">
            <div className="stack tight">
              <h3>{title}</h3>
              <p className="quiet">{about}</p>
              {last === undefined ? null : <Outcome drill={last} />}
            </div>
            <div>
              <Button
                disabledReason={reason}
                busy={(begin.isPending && begin.variables === kind) || running?.kind === kind}
                aria-label={`Rehearse: ${title}`}
                onClick={() => begin.mutate(kind)}
              >
                Rehearse
              </Button>
            </div>
          </div>
        );
      })}
    </section>
  );
}

function Outcome({ drill }: { readonly drill: Drill }) {
  const { status, endedAt, summary, problem, steps } = drill;
  return (
    <>
      <p className="row" role="status">
        {status === "running" ? (
          <Badge tone="accent">At work</Badge>
        ) : (
          <Badge tone={status === "passed" ? "good" : "bad"}>{status === "passed" ? "Passed" : "Failed"}</Badge>
        )}
        {endedAt === null ? null : <DateTime iso={endedAt} />}
      </p>
      {summary === null ? null : <p>{summary}</p>}
      {problem === null ? null : <p className="problem-text">{problem.message}</p>}
      <details open={status === "running" || undefined}>
        <summary>{steps.length === 1 ? "1 step" : `${steps.length} steps`}</summary>
        <ol className="steps">
          {steps.map((step) => (
            <StepItem key={step.title} step={{ ...step, name: step.title, attempt: 1, problem: null }} details />
          ))}
        </ol>
      </details>
    </>
  );
}
