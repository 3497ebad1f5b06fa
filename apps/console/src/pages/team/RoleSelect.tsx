import type { Role } from "../../api/types.ts";
import { ROLE_TITLES } from "../../ui/Badge.tsx";
import type { ControlProps } from "../../ui/Field.tsx";

export function RoleSelect(props: {
  readonly value: Role;
  readonly onChange: (role: Role) => void;
  readonly disabled?: boolean;
  /** Where no label stands beside it. */
  readonly label?: string;
  readonly control?: ControlProps;
}) {
  return (
    <select
      {...props.control}
      aria-label={props.label}
      className={props.control === undefined ? "select auto" : "select"}
      value={props.value}
      disabled={props.disabled}
      onChange={(event) => props.onChange(event.target.value as Role)}
    >
      {Object.entries(ROLE_TITLES).map(([role, title]) => (
        <option key={role} value={role}>
          {title}
        </option>
      ))}
    </select>
  );
}
