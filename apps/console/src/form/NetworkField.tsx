import { useQuery } from "@tanstack/react-query";
import { networksQuery } from "../api/queries.ts";
import type { ControlProps } from "../ui/Field.tsx";

/** The settlement networks that this control plane knows; one that does not answer cannot be chosen. */
export function NetworkField(props: {
  readonly control: ControlProps;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly disabled: boolean;
}) {
  const { data: networks = [] } = useQuery(networksQuery);
  const value = typeof props.value === "string" ? props.value : "";
  return (
    <select
      {...props.control}
      className="select"
      disabled={props.disabled}
      value={value}
      onChange={(event) => props.onChange(event.target.value)}
    >
      {networks.some(({ id }) => id === value) ? null : <option value={value}>{value || "Choose a network"}</option>}
      {networks.map((network) => (
        <option key={network.id} value={network.id} disabled={!network.reachable}>
          {network.name} (chain {network.chainId}){network.reachable ? "" : ", does not answer"}
        </option>
      ))}
    </select>
  );
}
