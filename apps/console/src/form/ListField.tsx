import { Plus, Trash2 } from "lucide-react";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Control } from "./Control.tsx";
import type { JsonSchema, Leaf } from "./schema.ts";
import { valueAt } from "./schema.ts";
import { textOf } from "./text.ts";

/** A list of entries with fields of their own, such as the accounts that hold ether at genesis. */
export function ListField(props: {
  readonly leaf: Leaf;
  readonly value: unknown;
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (value: unknown) => void;
  readonly disabled: boolean;
}) {
  const { leaf, problems, onChange, disabled } = props;
  const entries: readonly unknown[] = Array.isArray(props.value) ? props.value : [];
  const fields = Object.entries(leaf.schema.items?.properties ?? {});
  const replace = (index: number, entry: unknown) => onChange(entries.map((held, at) => (at === index ? entry : held)));

  return (
    <fieldset className="field list-field">
      <legend>{leaf.title}</legend>
      {leaf.schema.description === undefined ? null : <p className="hint">{leaf.schema.description}</p>}
      {problems.get(leaf.path) === undefined ? null : <p className="problem">{problems.get(leaf.path)}</p>}
      {disabled ? <Entries entries={entries} fields={fields} /> : null}
      {(disabled ? [] : entries).map((entry, index) => (
        <div className="list-entry" key={index}>
          {fields.map(([name, schema]) => (
            <Field key={name} label={schema.title ?? name} problem={problems.get(`${leaf.path}.${index}.${name}`)}>
              {(control) => (
                <Control
                  schema={schema}
                  value={valueAt(entry, name)}
                  control={control}
                  onChange={(value) => replace(index, { ...(entry as object), [name]: value })}
                />
              )}
            </Field>
          ))}
          <Button
            tone="plain"
            iconOnly
            aria-label={`Remove entry ${index + 1} of ${leaf.title}`}
            onClick={() => onChange(entries.filter((_, at) => at !== index))}
          >
            <Trash2 size={14} aria-hidden="true" />
          </Button>
        </div>
      ))}
      {disabled ? null : (
        <div>
          <Button onClick={() => onChange([...entries, {}])} aria-label={`Add to ${leaf.title}`}>
            <Plus size={14} aria-hidden="true" />
            Add
          </Button>
        </div>
      )}
    </fieldset>
  );
}

/** Entries that cannot be changed any more, as text. */
function Entries(props: {
  readonly entries: readonly unknown[];
  readonly fields: readonly (readonly [name: string, schema: JsonSchema])[];
}) {
  const { entries, fields } = props;
  if (entries.length === 0) return <p className="hint">None.</p>;
  return (
    <ul className="list-fixed">
      {entries.map((entry, index) => (
        <li key={index} className="row spread">
          {fields.map(([name, schema]) => {
            const value = valueAt(entry, name);
            return value === undefined ? null : (
              <span key={name} className="breakable">
                {textOf({ schema, notes: {}, path: name }, value)}
              </span>
            );
          })}
        </li>
      ))}
    </ul>
  );
}
