import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { request, urlOf } from "../../api/client.ts";
import { revisionsQuery, rollupPath, rollupQuery } from "../../api/queries.ts";
import type { Forks, Plan, Rollup, Spec } from "../../api/types.ts";
import type { Leaf } from "../../form/schema.ts";
import { withValue } from "../../form/schema.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Badge } from "../../ui/Badge.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { DateTime } from "../../ui/Time.tsx";
import { toast } from "../../ui/toast.ts";
import { PlanView } from "./PlanView.tsx";

const FORKS = ["fjord", "granite", "holocene"];
/** Beyond the earliest time that is taken: others must hear of it. */
const AHEAD_MS = 10 * 60_000;

const nameOf = (fork: string) => fork.charAt(0).toUpperCase() + fork.slice(1);
const isoOf = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A time as `datetime-local` shows it: that of this browser's zone. */
const localOf = (iso: string) => {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
};

/** Which fork holds, which comes when, and the way to change that. */
export function NetworkUpgrade({ rollup, leaves }: { readonly rollup: Rollup; readonly leaves: readonly Leaf[] }) {
  const team = useTeam();
  const [open, setOpen] = useState<"schedule" | "withdraw">();
  const { forks, node } = rollup;
  if (forks === null) return null;
  const rehearsal = rollup.drills.find(({ kind }) => kind === "upgrade");
  const path = urlOf(`${rollupPath(rollup.teamId, rollup.id)}/chain-files`);
  const forbidden = team.reasonNot("operator");
  return (
    <section className="card" aria-labelledby="upgrade-title">
      <div className="card-head">
        <h2 id="upgrade-title">Network upgrade</h2>
        <Badge tone="good">{nameOf(forks.active)}</Badge>
      </div>
      {forks.scheduled.length === 0 ? null : (
        <div className="spec-field">
          <div className="stack tight">
            {forks.scheduled.map(({ fork, at }) => (
              <h3 key={fork}>
                {nameOf(fork)} from <DateTime iso={at} /> on
              </h3>
            ))}
            <p className="quiet prose">
              Whoever runs a node needs <a href={`${path}/rollup.json`}>rollup.json</a> and{" "}
              <a href={`${path}/genesis.json`}>genesis.json</a> before then.
            </p>
          </div>
          <div>
            <Button tone="danger" disabledReason={forbidden} onClick={() => setOpen("withdraw")}>
              Take back
            </Button>
          </div>
        </div>
      )}
      {forks.next === null ? null : (
        <div className="spec-field">
          <div className="stack tight">
            <h3>{nameOf(forks.next)} can be scheduled</h3>
            <p className="quiet prose">
              The rules change with the first block at or after a time that you choose.{" "}
              {rehearsal === undefined ? (
                <>
                  Rehearse it first, under{" "}
                  <Link to="/teams/$team/rollups/$rollup/recovery" params={{ team: rollup.teamId, rollup: rollup.id }}>
                    Recovery
                  </Link>
                  .
                </>
              ) : (
                <>
                  Rehearsed <DateTime iso={rehearsal.endedAt} />: {rehearsal.passed ? "passed" : "failed"}.
                </>
              )}
            </p>
          </div>
          <div>
            <Button disabledReason={forbidden} onClick={() => setOpen("schedule")}>
              Schedule {nameOf(forks.next)}
            </Button>
          </div>
        </div>
      )}
      {node === null ? null : (
        <p className="card-body quiet small breakable">
          Node {node.version}, engine {node.engine}, since <DateTime iso={node.since} />
          {node.predecessor === null
            ? ""
            : `; before that ${node.predecessor.version}, engine ${node.predecessor.engine}`}
          . A newer one comes with the platform's own.
        </p>
      )}
      {open === undefined ? null : (
        <UpgradeDialog {...{ rollup, leaves, forks }} kind={open} onClose={() => setOpen(undefined)} />
      )}
    </section>
  );
}

/** The spec with every fork up to `next` that is not active at that time, or with what is scheduled taken out. */
function specWith(rollup: Rollup, forks: Forks, at: string | undefined): Spec {
  const wanted =
    at === undefined || forks.next === null
      ? forks.scheduled.map(({ fork }) => fork)
      : FORKS.slice(FORKS.indexOf(forks.active) + 1, FORKS.indexOf(forks.next) + 1);
  return wanted.reduce((spec, fork) => withValue(spec, `forks.${fork}`, at), rollup.spec);
}

/** A time, then its plan, then the deed; taking back begins with the plan. */
function UpgradeDialog(props: {
  readonly rollup: Rollup;
  readonly leaves: readonly Leaf[];
  readonly forks: Forks;
  readonly kind: "schedule" | "withdraw";
  readonly onClose: () => void;
}) {
  const { rollup, leaves, forks, kind, onClose } = props;
  const queries = useQueryClient();
  const [time, setTime] = useState(() => localOf(isoOf(Date.parse(forks.earliest) + AHEAD_MS)));
  const path = rollupPath(rollup.teamId, rollup.id);
  const ms = Date.parse(time);
  const spec = specWith(rollup, forks, kind === "withdraw" || Number.isNaN(ms) ? undefined : isoOf(ms));
  const plan = useMutation({
    mutationFn: () => request<Plan>(`${path}/plan`, { method: "POST", body: { spec } }),
  });
  const apply = useMutation({
    mutationFn: (base: number) => request<Rollup>(`${path}/spec`, { method: "PUT", body: { spec, revision: base } }),
    onSuccess: (changed) => {
      queries.setQueryData(rollupQuery(rollup.teamId, rollup.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: revisionsQuery(rollup.teamId, rollup.id).queryKey });
      toast({ text: kind === "schedule" ? "The upgrade is scheduled." : "The upgrade is taken back." });
      onClose();
    },
  });
  const { data } = plan;
  return (
    <Dialog
      title={kind === "schedule" ? `Schedule ${nameOf(forks.next ?? "")}` : "Take the upgrade back?"}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {data === undefined ? (
            <Button
              tone="primary"
              busy={plan.isPending}
              disabledReason={Number.isNaN(ms) ? "Give a time first." : undefined}
              onClick={() => plan.mutate()}
            >
              See the plan
            </Button>
          ) : (
            <Button
              tone="primary"
              busy={apply.isPending}
              disabledReason={data.refused ? "It cannot be made." : undefined}
              onClick={() => data.base !== null && apply.mutate(data.base)}
            >
              {kind === "schedule" ? "Schedule it" : "Take it back"}
            </Button>
          )}
        </>
      }
    >
      {kind === "withdraw" ? <p>The chain goes on with {nameOf(forks.active)}.</p> : null}
      {kind === "schedule" ? (
        <Field
          label="Activation"
          hint={
            <>
              By your clock. On the settlement network it is <DateTime iso={forks.networkTime} />; not before{" "}
              <DateTime iso={forks.earliest} />.
            </>
          }
        >
          {(control) => (
            <input
              {...control}
              className="input"
              type="datetime-local"
              step={1}
              value={time}
              onChange={(event) => {
                setTime(event.target.value);
                plan.reset();
              }}
            />
          )}
        </Field>
      ) : null}
      {plan.isError ? <ErrorNotice error={plan.error} title="This cannot be planned" /> : null}
      {data === undefined ? null : <PlanView plan={data} leaves={leaves} />}
      {apply.isError ? <ErrorNotice error={apply.error} title="Not applied" /> : null}
    </Dialog>
  );
}
