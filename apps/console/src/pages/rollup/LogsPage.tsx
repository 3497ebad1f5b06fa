import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { request } from "../../api/client.ts";
import { followRollup, LOG_LINES_MAX } from "../../api/events.ts";
import { rollupPath } from "../../api/queries.ts";
import type { LogLine } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Empty, ErrorNotice, Notice } from "../../ui/Notice.tsx";
import { useRollup } from "./use-rollup.ts";
import "./logs.css";

const LEVELS = ["debug", "info", "warn", "error"] as const;
const rank = (level: string) => Math.max(0, LEVELS.indexOf(level as (typeof LEVELS)[number]));
const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** The node's log, as it is written. */
export function LogsPage() {
  const { rollup, params } = useRollup();
  const team = useTeam();
  const forbidden = team.reasonNot("operator");
  useTitle("Logs", rollup.name);
  return (
    <>
      <h1>Logs</h1>
      {forbidden === undefined ? (
        <Lines key={rollup.id} team={params.team} rollup={params.rollup} />
      ) : (
        <Notice tone="info" title="You do not see the logs">
          {forbidden}
        </Notice>
      )}
    </>
  );
}

function Lines({ team, rollup }: { readonly team: string; readonly rollup: string }) {
  const queries = useQueryClient();
  const [fresh, setFresh] = useState<readonly LogLine[]>([]);
  const [paused, setPaused] = useState<readonly LogLine[]>();
  const [level, setLevel] = useState<string>("info");
  const [text, setText] = useState("");
  const past = useQuery({
    queryKey: ["team", team, "rollup", rollup, "logs"],
    staleTime: 0,
    queryFn: ({ signal }) =>
      request<{ items: readonly LogLine[] }>(`${rollupPath(team, rollup)}/logs`, { query: { limit: 500 }, signal }),
  });
  useEffect(
    () =>
      followRollup(
        { team, rollup, onLog: (line) => setFresh((held) => [...held, line].slice(-LOG_LINES_MAX)) },
        { queries },
      ),
    [team, rollup, queries],
  );
  const all = useMemo(() => {
    const bySeq = new Map([...(past.data?.items ?? []), ...fresh].map((line) => [line.seq, line]));
    return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(-LOG_LINES_MAX);
  }, [past.data, fresh]);
  const wanted = text.trim().toLowerCase();
  const shown = (paused ?? all).filter(
    (line) =>
      rank(line.level) >= rank(level) &&
      (wanted === "" || `${line.room} ${line.message} ${JSON.stringify(line.fields)}`.toLowerCase().includes(wanted)),
  );

  const end = useRef<HTMLOListElement>(null);
  const newest = shown.at(-1)?.seq;
  useEffect(() => {
    const list = end.current;
    if (list !== null && newest !== undefined && paused === undefined) list.scrollTop = list.scrollHeight;
  }, [newest, paused]);

  if (past.isError) return <ErrorNotice error={past.error} />;
  return (
    <section className="card" aria-label="Log">
      <div className="card-head">
        <div className="row">
          <label className="row">
            <span className="quiet">From level</span>
            <select className="select auto" value={level} onChange={(event) => setLevel(event.target.value)}>
              {LEVELS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <input
            className="input auto"
            type="search"
            aria-label="Only lines that contain"
            placeholder="Only lines that contain…"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Button onClick={() => setPaused((held) => (held === undefined ? all : undefined))}>
          {paused === undefined ? "Pause" : "Go on"}
        </Button>
      </div>
      {shown.length === 0 ? (
        <Empty title="No lines">Nothing of this level was written yet.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <ol className="log-lines" ref={end} tabIndex={0} aria-label="Lines, newest last">
          {shown.map((line) => (
            <li key={line.seq} className={`level-${line.level}`}>
              <time dateTime={line.at}>{time.format(Date.parse(line.at))}</time>
              <span className="log-level">{line.level}</span>
              <span className="log-room">{line.room}</span>
              <span className="log-message">
                {line.message}
                {Object.entries(line.fields).map(([name, value]) => (
                  <span key={name} className="log-field">
                    {" "}
                    {name}=<span>{typeof value === "string" ? value : JSON.stringify(value)}</span>
                  </span>
                ))}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
