import type { Plan } from "../../api/types.ts";
import { changeText } from "../../form/NotesAside.tsx";
import type { Leaf } from "../../form/schema.ts";
import { textOf } from "../../form/text.ts";
import { Notice } from "../../ui/Notice.tsx";

const SHOWN_ELSEWHERE = ["restart", "signature"];

/** Changes field by field, what follows from them, and who must sign. */
export function PlanView({ plan, leaves }: { readonly plan: Plan; readonly leaves: readonly Leaf[] }) {
  const shown = (path: string, value: unknown) => {
    const leaf = leaves.find((each) => each.path === path);
    return leaf === undefined ? JSON.stringify(value) : textOf(leaf, value);
  };
  const others = plan.actions.filter(({ kind }) => !SHOWN_ELSEWHERE.includes(kind));
  return (
    <>
      {plan.changes.length === 0 ? <p>Nothing would change.</p> : null}
      <ul className="stack">
        {plan.changes.map((change) => (
          <li key={change.path} className="stack tight">
            <strong>{change.title}</strong>
            <span className="breakable">
              <del className="quiet">{shown(change.path, change.from)}</del> to{" "}
              <ins>{shown(change.path, change.to)}</ins>
            </span>
            <span className={change.change === "never" ? "problem-text small" : "small quiet"}>
              {changeText(change.change, change.effect)}. {change.note}
            </span>
          </li>
        ))}
      </ul>
      {others.length === 0 ? null : (
        <Notice tone="info" title="What it takes">
          <ul>
            {others.map(({ title }) => (
              <li key={title}>{title}.</li>
            ))}
          </ul>
        </Notice>
      )}
      {plan.downtimeSeconds === null || plan.downtimeSeconds === 0 ? null : (
        <Notice tone="warn" title={`About ${plan.downtimeSeconds} s without new blocks`}>
          The RPC does not answer while the node restarts. Nothing that was acknowledged is lost.
        </Notice>
      )}
      {plan.signatures.length === 0 ? null : (
        <Notice tone="warn" title="The owner must sign">
          {plan.signatures.map(({ description }) => description).join(" ")}
        </Notice>
      )}
      {plan.refused ? (
        <Notice tone="bad" title="Refused">
          What cannot change any more says so above. Only another rollup can have another value.
        </Notice>
      ) : null}
    </>
  );
}
