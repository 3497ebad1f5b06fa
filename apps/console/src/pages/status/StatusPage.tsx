import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ApiError } from "../../api/errors.ts";
import { publicStatusQuery } from "../../api/queries.ts";
import type { DrillResult, Head, PublicStatus } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { formatInteger } from "../../chain/format.ts";
import { Mark } from "../../layouts/Mark.tsx";
import { ThemeButton } from "../../layouts/ThemeButton.tsx";
import { Badge, PhaseBadge } from "../../ui/Badge.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { Empty, ErrorNotice, Notice } from "../../ui/Notice.tsx";
import { Ago } from "../../ui/Time.tsx";
import { History } from "./History.tsx";

/** What a rollup's users see, without any account. */
export function StatusPage() {
  const { rollup } = useParams({ from: "/status/$rollup" });
  const status = useQuery(publicStatusQuery(rollup));
  useTitle(status.data?.name ?? "", "Status");
  const missing = status.error instanceof ApiError && status.error.code === "NOT_FOUND";
  return (
    <div className="shell">
      <header className="topbar">
        <span className="brand">
          <Mark />
          AltLayer
        </span>
        <div className="topbar-end">
          <ThemeButton />
        </div>
      </header>
      <main className="content stack loose status-main" id="content">
        {missing ? (
          <Empty whole title="No public status">
            This rollup does not exist, or its team does not publish its status.
          </Empty>
        ) : status.isError && status.data === undefined ? (
          <ErrorNotice error={status.error} />
        ) : status.data === undefined ? (
          <Loading />
        ) : (
          <Status status={status.data} stale={status.isError} />
        )}
      </main>
    </div>
  );
}

function Status({ status, stale }: { readonly status: PublicStatus; readonly stale: boolean }) {
  const outage = status.incidents.find((incident) => incident.outage && incident.clearedAt === null);
  const calm = status.phase === "running" && outage === undefined && status.problem === null && !stale;
  return (
    <>
      <div className="stack tight">
        <div className="row">
          <h1>{status.name}</h1>
          <PhaseBadge phase={status.phase} />
        </div>
        <p className="quiet">Chain {status.chainId}</p>
      </div>
      {calm ? (
        <Notice tone="good" title="All is well">
          Blocks are made and reach the settlement chain.
        </Notice>
      ) : (
        <Notice
          tone="bad"
          title={stale ? "The platform does not answer" : outage === undefined ? "Not running" : outage.title}
        >
          {outage === undefined ? (
            (status.problem?.message ?? "No blocks are made now.")
          ) : (
            <>
              Since <Ago ms={Date.parse(outage.raisedAt)} />.
            </>
          )}
        </Notice>
      )}
      <div className="card">
        <dl className="facts">
          <HeadFact title="Newest block" head={status.heads?.unsafe} />
          <HeadFact title="Safe: on the settlement chain" head={status.heads?.safe} />
          <HeadFact title="Finalized there" head={status.heads?.finalized} />
        </dl>
      </div>
      <History status={status} />
      <Rehearsed drills={status.drills} />
      <p className="small quiet">
        Last change of state <Ago ms={Date.parse(status.updatedAt)} />
      </p>
    </>
  );
}

/** Whether the ways out of trouble were tried, and when. */
const Rehearsed = ({ drills }: { readonly drills: readonly DrillResult[] }) =>
  drills.length === 0 ? null : (
    <section className="card" aria-labelledby="drills-title">
      <div className="card-head">
        <h2 id="drills-title">Rehearsed</h2>
      </div>
      <dl className="facts">
        {drills.map(({ kind, title, passed, endedAt, summary }) => (
          <div key={kind}>
            <dt>{title}</dt>
            <dd>
              <Badge tone={passed ? "good" : "bad"}>{passed ? "Passed" : "Failed"}</Badge>{" "}
              <span className="quiet">
                <Ago ms={Date.parse(endedAt)} />
              </span>
              {summary === null ? null : <span className="quiet"> {summary}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );

const HeadFact = ({ title, head }: { readonly title: string; readonly head: Head | undefined }) => (
  <div>
    <dt>{title}</dt>
    <dd>
      {head === undefined ? (
        "unknown"
      ) : (
        <>
          {formatInteger(head.number)}{" "}
          <span className="quiet">
            <Ago ms={head.timestamp * 1000} />
          </span>
        </>
      )}
    </dd>
  </div>
);
