import type { Plan, Spec } from "../../api/types.ts";
import type { Leaf } from "../../form/schema.ts";
import { valueAt } from "../../form/schema.ts";
import { textOf } from "../../form/text.ts";
import { Loading } from "../../ui/Loading.tsx";

/** What was chosen, and what the launch will do. */
export function Review(props: {
  readonly plan: Plan | undefined;
  readonly spec: Spec;
  readonly leaves: readonly Leaf[];
  readonly pending: boolean;
}) {
  const { plan, spec, leaves, pending } = props;
  return (
    <>
      <section className="card" aria-labelledby="plan-title">
        <div className="card-head">
          <h2 id="plan-title">What the launch does</h2>
        </div>
        {pending || plan === undefined ? (
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
      <section className="card" aria-labelledby="choices-title">
        <div className="card-head">
          <h2 id="choices-title">What you chose</h2>
        </div>
        <dl className="facts">
          {leaves
            .filter(({ path, notes }) => notes.advanced !== true || valueAt(spec, path) !== undefined)
            .map((leaf) => (
              <div key={leaf.path}>
                <dt>{leaf.title}</dt>
                <dd>{textOf(leaf, valueAt(spec, leaf.path))}</dd>
              </div>
            ))}
        </dl>
      </section>
    </>
  );
}
