import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { request } from "../../api/client.ts";
import { ApiError, fieldProblemsOf } from "../../api/errors.ts";
import { revisionsQuery, rollupPath, rollupQuery, schemaQuery } from "../../api/queries.ts";
import type { Plan, Rollup, Spec } from "../../api/types.ts";
import { useTitle } from "../../app/use-title.ts";
import { problemsOf } from "../../form/check.ts";
import { GroupFields } from "../../form/GroupFields.tsx";
import { groupsOf, leavesOf, withValue } from "../../form/schema.ts";
import { useTeam } from "../../layouts/use-team.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";
import { toast } from "../../ui/toast.ts";
import { hasField } from "./attached.ts";
import { NetworkUpgrade } from "./NetworkUpgrade.tsx";
import { PlanView } from "./PlanView.tsx";
import { Remove } from "./Remove.tsx";
import { Revisions } from "./Revisions.tsx";
import { useRollup } from "./use-rollup.ts";

/** Sections that are not of the spec; named by their headings. */
const UPGRADE = { id: "upgrade-title", title: "Network upgrade" } as const;
const BELOW = [
  { id: "revisions-title", title: "Revisions" },
  { id: "leave-title", title: "Leave" },
] as const;
const FIXED = "Fixed when the rollup was launched.";

/** The spec as a form. Nothing changes before its plan was shown and agreed to. */
export function SettingsPage() {
  const { rollup, params } = useRollup();
  const team = useTeam();
  const queries = useQueryClient();
  const { data: schema } = useSuspenseQuery(schemaQuery);
  const leaves = useMemo(() => leavesOf(schema.jsonSchema), [schema]);
  const groups = useMemo(() => groupsOf(schema.jsonSchema), [schema])
    .map((group) => ({ ...group, leaves: group.leaves.filter(({ path }) => hasField(rollup, path)) }))
    .filter(({ leaves: shown }) => shown.length > 0);
  const [draft, setDraft] = useState<{ readonly base: number; readonly spec: Spec }>();
  const spec = draft?.spec ?? rollup.spec;
  useTitle("Settings", rollup.name);

  const path = rollupPath(params.team, params.rollup);
  const plan = useMutation({
    mutationFn: () => request<Plan>(`${path}/plan`, { method: "POST", body: { spec } }),
  });
  const apply = useMutation({
    mutationFn: (base: number) => request<Rollup>(`${path}/spec`, { method: "PUT", body: { spec, revision: base } }),
    onSuccess: (changed) => {
      queries.setQueryData(rollupQuery(params.team, params.rollup).queryKey, changed);
      void queries.invalidateQueries({ queryKey: revisionsQuery(params.team, params.rollup).queryKey });
      setDraft(undefined);
      plan.reset();
      toast({ text: `Revision ${changed.revision} is being applied.` });
    },
  });
  const problems = new Map([
    ...fieldProblemsOf(plan.error).map(({ path: at, message }) => [at, message] as const),
    ...problemsOf(leaves, spec),
  ]);
  const change = (at: string, value: unknown) => {
    setDraft({ base: draft?.base ?? rollup.revision, spec: withValue(spec, at, value) });
    plan.reset();
    apply.reset();
  };
  const sections = [
    ...groups.map(({ id, title }) => ({ id: `group-${id}`, title })),
    ...(rollup.forks === null ? [] : [UPGRADE]),
    ...BELOW,
  ];
  const forbidden = team.reasonNot("operator");
  const reason =
    forbidden ??
    (draft === undefined
      ? "Nothing is changed."
      : problemsOf(leaves, spec).size > 0
        ? "A field has a problem."
        : undefined);

  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>Settings</h1>
          <p className="quiet">Revision {rollup.revision}. You see what a change does before it is made.</p>
        </div>
        <div className="row">
          {draft === undefined ? null : (
            <Button
              tone="plain"
              onClick={() => {
                setDraft(undefined);
                plan.reset();
              }}
            >
              Discard
            </Button>
          )}
          <Button tone="primary" busy={plan.isPending} disabledReason={reason} onClick={() => plan.mutate()}>
            See the plan
          </Button>
        </div>
      </div>
      {plan.isError && fieldProblemsOf(plan.error).length === 0 ? <ErrorNotice error={plan.error} /> : null}

      <div className="wizard">
        <nav aria-label="Sections">
          <ul className="wizard-steps unnumbered">
            {sections.map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`}>{title}</a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="stack loose">
          {groups.map((group) => (
            <section className="card" key={group.id} aria-labelledby={`group-${group.id}`}>
              <div className="card-head">
                <h2 id={`group-${group.id}`}>{group.title}</h2>
              </div>
              <GroupFields
                key={`${group.id}-${draft === undefined}`}
                group={group}
                spec={spec}
                problems={problems}
                onChange={change}
                frozen={(leaf) =>
                  forbidden ?? (leaf.notes.change === undefined || leaf.notes.change === "never" ? FIXED : undefined)
                }
              />
            </section>
          ))}

          <NetworkUpgrade rollup={rollup} leaves={leaves} />
          <Revisions rollup={rollup} leaves={leaves} />
          <Remove rollup={rollup} />
        </div>
      </div>

      {plan.data === undefined ? null : (
        <Dialog
          title="What this change does"
          onClose={() => plan.reset()}
          foot={
            <>
              <Button onClick={() => plan.reset()}>Go on editing</Button>
              <Button
                tone="primary"
                busy={apply.isPending}
                disabledReason={
                  plan.data.refused
                    ? "A field of this change can never change."
                    : plan.data.changes.length === 0
                      ? "Nothing would change."
                      : undefined
                }
                onClick={() => draft !== undefined && apply.mutate(draft.base)}
              >
                Apply
              </Button>
            </>
          }
        >
          <PlanView plan={plan.data} leaves={leaves} />
          {apply.isError ? (
            <ErrorNotice
              error={apply.error}
              title={
                apply.error instanceof ApiError && apply.error.code === "CONFLICT"
                  ? "Somebody changed the settings meanwhile"
                  : "Not applied"
              }
            />
          ) : null}
        </Dialog>
      )}
    </>
  );
}
