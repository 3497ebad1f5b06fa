import { useId } from "react";
import type { Plan, Spec } from "../../api/types.ts";
import { isNothing } from "../../form/NotesAside.tsx";
import type { Leaf } from "../../form/schema.ts";
import { valueAt } from "../../form/schema.ts";
import { textOf } from "../../form/text.ts";
import "../rollup/steps.css";
import { Loading } from "../../ui/Loading.tsx";

/** What was chosen, and what the launch will do. */
export function Review(props: {
  readonly plan: Plan | undefined;
  readonly spec: Spec;
  readonly leaves: readonly Leaf[];
  readonly pending: boolean;
}) {
  const { plan, spec, leaves, pending } = props;
  // Whoever refused the plan has said why beside this.
  const refused = plan === undefined && !pending;
  const chosen = leaves.filter(({ path, notes }) => notes.advanced !== true || valueAt(spec, path) !== undefined);
  return (
    <>
      {refused ? null : (
        <section className="card" aria-labelledby="plan-title">
          <div className="card-head">
            <h2 id="plan-title">What the launch does</h2>
          </div>
          {plan === undefined ? (
            <Loading label="Making the plan" />
          ) : (
            <ol className="plan-actions">
              {plan.actions.map(({ kind, title }, index) => (
                <li key={`${kind}-${title}`}>
                  <span className="faint">{index + 1}</span> {title}
                </li>
              ))}
            </ol>
          )}
        </section>
      )}
      <Choices title="Fixed for good" leaves={chosen.filter(({ notes }) => isForGood(notes))} spec={spec} />
      <Choices title="Can change later" leaves={chosen.filter(({ notes }) => !isForGood(notes))} spec={spec} />
    </>
  );
}

/** What carries no note is of the genesis, which never changes. */
const isForGood = ({ change }: Leaf["notes"]): boolean => change === undefined || change === "never";

/** Fields with their values, each with whom it makes users trust where that is somebody. */
function Choices(props: { readonly title: string; readonly leaves: readonly Leaf[]; readonly spec: Spec }) {
  const { title, leaves, spec } = props;
  const id = useId();
  if (leaves.length === 0) return null;
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
      </div>
      <dl className="facts">
        {leaves.map((leaf) => (
          <div key={leaf.path}>
            <dt>{leaf.title}</dt>
            <dd>
              {textOf(leaf, valueAt(spec, leaf.path))}
              {leaf.notes.trust === undefined || isNothing(leaf.notes.trust) ? null : (
                <span className="small quiet step-note">{leaf.notes.trust}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
