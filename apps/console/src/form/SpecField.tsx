import type { Spec } from "../api/types.ts";
import { Field } from "../ui/Field.tsx";
import { Control } from "./Control.tsx";
import { ListField } from "./ListField.tsx";
import { NetworkField } from "./NetworkField.tsx";
import { NotesAside } from "./NotesAside.tsx";
import type { Leaf } from "./schema.ts";
import { valueAt } from "./schema.ts";
import "./form.css";

export interface SpecFieldProps {
  readonly leaf: Leaf;
  readonly spec: Spec;
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (path: string, value: unknown) => void;
  /** Why this field cannot be changed any more. */
  readonly frozen?: string | undefined;
}

/** One field of the spec beside what it costs, whom it makes users trust, and whether it can change later. */
export function SpecField({ leaf, spec, problems, onChange, frozen }: SpecFieldProps) {
  const value = valueAt(spec, leaf.path);
  const change = (next: unknown) => onChange(leaf.path, next);
  return (
    <div className="spec-field">
      {leaf.schema.type === "array" && leaf.schema.items?.properties !== undefined ? (
        <ListField leaf={leaf} value={value} problems={problems} onChange={change} disabled={frozen !== undefined} />
      ) : (
        <Field label={leaf.title} hint={leaf.schema.description} problem={problems.get(leaf.path)}>
          {(control) =>
            leaf.path === "settlement.network" ? (
              <NetworkField control={control} value={value} onChange={change} disabled={frozen !== undefined} />
            ) : (
              <Control
                schema={leaf.schema}
                value={value}
                onChange={change}
                control={control}
                disabled={frozen !== undefined}
              />
            )
          }
        </Field>
      )}
      <NotesAside notes={leaf.notes} />
    </div>
  );
}
