import { predeployName } from "../../chain/predeploys.ts";
import { Hash } from "../../ui/Hash.tsx";

/** An address, with the name of a system contract beside it. */
export function AddressLink({ address, full = false }: { readonly address: string; readonly full?: boolean }) {
  const name = predeployName(address);
  return (
    <span className="row">
      {name === undefined ? null : <span>{name}</span>}
      <Hash value={address} what="address" to="address" full={full} />
    </span>
  );
}
