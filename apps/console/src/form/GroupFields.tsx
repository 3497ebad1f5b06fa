import type { Spec } from "../api/types.ts";
import { SpecField } from "./SpecField.tsx";
import type { Group, Leaf } from "./schema.ts";

/** The fields of one group; those for experts are folded away. */
export function GroupFields(props: {
  readonly group: Group;
  readonly spec: Spec;
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (path: string, value: unknown) => void;
  readonly frozen?: (leaf: Leaf) => string | undefined;
}) {
  const { group, frozen, ...rest } = props;
  const draw = (leaf: Leaf) => <SpecField key={leaf.path} leaf={leaf} frozen={frozen?.(leaf)} {...rest} />;
  const plain = group.leaves.filter(({ notes }) => notes.advanced !== true);
  const advanced = group.leaves.filter(({ notes }) => notes.advanced === true);
  const wrong = advanced.some(({ path }) => [...props.problems.keys()].some((at) => at.startsWith(path)));
  return (
    <>
      <div>{plain.map(draw)}</div>
      {advanced.length === 0 ? null : (
        <details className="more" open={wrong || undefined}>
          <summary>
            {advanced.length === 1 ? "1 more setting" : `${advanced.length} more settings`}, rarely needed
          </summary>
          <div>{advanced.map(draw)}</div>
        </details>
      )}
    </>
  );
}
