import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { request, segment } from "../../api/client.ts";
import { fieldProblemsOf } from "../../api/errors.ts";
import { rollupQuery, rollupsQuery, schemaQuery } from "../../api/queries.ts";
import type { Plan, Rollup, Spec } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { problemsOf } from "../../form/check.ts";
import { GroupFields } from "../../form/GroupFields.tsx";
import { groupsOf, leavesOf, withValue } from "../../form/schema.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice.tsx";
import { freshIdentity } from "./fresh-identity.ts";
import { Presets } from "./Presets.tsx";
import { Review } from "./Review.tsx";

const REVIEW = "review";

/** The wizard: one step per group of the spec's schema, then a review of what the launch will do. */
export function LaunchPage() {
  const { team: teamId } = useParams({ from: "/member/teams/$team/new" });
  const team = useTeam();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: schema } = useSuspenseQuery(schemaQuery);
  const leaves = useMemo(() => leavesOf(schema.jsonSchema), [schema]);
  const groups = useMemo(() => groupsOf(schema.jsonSchema), [schema]);
  const { data: rollups } = useQuery(rollupsQuery(teamId));
  const [identity] = useState(() => freshIdentity((rollups?.items ?? []).map(({ name }) => name)));
  const [spec, setSpec] = useState<Spec>(() => identity(schema.presets[0]?.spec ?? schema.example));
  const [step, setStep] = useState(groups[0]?.id ?? REVIEW);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [key] = useState(() => crypto.randomUUID());
  useTitle("Launch a rollup");

  const plan = useMutation({
    mutationFn: (wanted: Spec) =>
      request<Plan>(`/teams/${segment(teamId)}/plan`, { method: "POST", body: { spec: wanted } }),
  });
  const launch = useMutation({
    mutationFn: (wanted: Spec) =>
      request<Rollup>(`/teams/${segment(teamId)}/rollups`, {
        method: "POST",
        body: { spec: wanted },
        idempotencyKey: `${key}-${fingerprint(wanted)}`,
      }),
    onSuccess: async (rollup) => {
      queries.setQueryData(rollupQuery(teamId, rollup.id).queryKey, rollup);
      await navigate({ to: "/teams/$team/rollups/$rollup", params: { team: teamId, rollup: rollup.id } });
    },
  });

  const ours = useMemo(() => problemsOf(leaves, spec), [leaves, spec]);
  const theirs = [...fieldProblemsOf(plan.error), ...fieldProblemsOf(launch.error)];
  const reviewing = step === REVIEW;
  // A field complains once it was touched, or once the user asked for the review.
  const problems = new Map([
    ...theirs.map(({ path, message }) => [path, message] as const),
    ...[...ours].filter(([path]) => touched.has(path) || touched.has("*")),
  ]);
  const change = (path: string, value: unknown) => {
    setSpec((held) => withValue(held, path, value));
    setTouched((held) => new Set(held).add(path));
    plan.reset();
    launch.reset();
  };
  const review = () => {
    setTouched(new Set("*"));
    const [wrong] = ours.keys();
    const group = groups.find((held) => held.leaves.some(({ path }) => wrong?.startsWith(path)));
    if (group !== undefined) return setStep(group.id);
    setStep(REVIEW);
    plan.mutate(spec);
  };
  const index = groups.findIndex(({ id }) => id === step);
  const current = groups[index];
  const next = groups[index + 1];
  const wrongIn = (id: string) =>
    groups
      .find((group) => group.id === id)
      ?.leaves.some(({ path }) => [...problems.keys()].some((at) => at.startsWith(path)));
  const forbidden = team.reasonNot("operator");

  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>Launch a rollup</h1>
          <p className="quiet">Every field has a good value already. Name it, choose where it settles, and launch.</p>
        </div>
        {reviewing ? null : (
          <Button disabledReason={forbidden} onClick={review}>
            Review and launch
          </Button>
        )}
      </div>
      <div className="wizard">
        <nav aria-label="Steps">
          <ol className="wizard-steps">
            {[...groups, { id: REVIEW, title: "Review" }].map(({ id, title }) => (
              <li key={id}>
                <a
                  href={`#${id}`}
                  aria-current={id === step ? "step" : undefined}
                  className={wrongIn(id) ? "wrong" : undefined}
                  onClick={(event) => {
                    event.preventDefault();
                    if (id === REVIEW) review();
                    else setStep(id);
                  }}
                >
                  {title}
                  {wrongIn(id) ? <span className="visually-hidden"> (has a problem)</span> : null}
                </a>
              </li>
            ))}
          </ol>
        </nav>
        <div className="stack">
          {current === undefined ? (
            <Review plan={plan.data} spec={spec} leaves={leaves} pending={plan.isPending} />
          ) : (
            <section className="card" aria-labelledby="group-title">
              <div className="card-head">
                <h2 id="group-title">{current.title}</h2>
              </div>
              {index === 0 && schema.presets.length > 1 ? (
                <Presets
                  presets={schema.presets}
                  onChoose={(preset) => {
                    setSpec(identity(preset.spec));
                    setTouched(new Set());
                  }}
                />
              ) : null}
              <GroupFields key={current.id} group={current} spec={spec} problems={problems} onChange={change} />
            </section>
          )}
          {plan.isError && theirs.length === 0 ? <ErrorNotice error={plan.error} /> : null}
          {launch.isError && theirs.length === 0 ? <ErrorNotice error={launch.error} title="Not launched" /> : null}
          {theirs.length > 0 && reviewing ? (
            <Notice tone="bad" title="The control plane does not accept this yet">
              <ul>
                {theirs.map(({ path, message }) => (
                  <li key={path}>
                    <code>{path}</code>: {message}
                  </li>
                ))}
              </ul>
            </Notice>
          ) : null}
          <div className="row spread">
            {index === 0 ? (
              <Link to="/teams/$team" params={{ team: teamId }} className="button plain">
                Cancel
              </Link>
            ) : (
              <Button onClick={() => setStep(groups[reviewing ? groups.length - 1 : index - 1]?.id ?? REVIEW)}>
                Back
              </Button>
            )}
            {reviewing ? (
              <Button
                tone="primary"
                busy={launch.isPending}
                disabledReason={forbidden ?? (plan.isSuccess ? undefined : "The plan is not there yet.")}
                onClick={() => launch.mutate(spec)}
              >
                Launch
              </Button>
            ) : (
              <Button tone="primary" onClick={() => (next === undefined ? review() : setStep(next.id))}>
                {next === undefined ? "Review" : `Next: ${next.title}`}
              </Button>
            )}
          </div>
        </div>
      </div>
    </>
  );
}

/** Names a spec in an idempotency key (FNV-1a, 32 bits): another spec after a refusal is another request. */
function fingerprint(spec: Spec): string {
  let value = 0x811c9dc5;
  for (const unit of JSON.stringify(spec)) value = Math.imul(value ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value.toString(16);
}
