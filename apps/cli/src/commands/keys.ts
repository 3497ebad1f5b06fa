import { EXIT } from "../errors.ts";
import type { Output } from "../output.ts";
import { PlatformClient } from "../platform/client.ts";
import type { NamedOptions } from "./rollups.ts";
import { must } from "./rollups.ts";

interface Rotation {
  readonly address: string;
  readonly state: string;
  readonly inUse: boolean;
  readonly message: string;
  readonly signature: { readonly from: string; readonly to: string; readonly data: string } | null;
}

interface Key {
  readonly role: string;
  readonly address: string;
  readonly createdAt: string;
  readonly balanceWei: string | null;
  readonly rotation: Rotation | null;
  readonly retired: readonly { readonly address: string; readonly retiredAt: string }[];
}

/** `altlayer keys`: accounts, their age and balance, successors on the way. Never a key. */
export async function keys(options: NamedOptions, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const { items } = await client.inTeam<{ items: Key[] }>("GET", `/rollups/${id}/keys`);
  if (output.json) output.answer(items);
  for (const { role, address, createdAt, balanceWei, rotation, retired } of items) {
    output.line(`${role.padEnd(11)}  ${address}  since ${createdAt}  ${balanceWei ?? "unknown"} wei`);
    for (const old of retired) output.line(`${"".padEnd(11)}  ${old.address}  retired ${old.retiredAt}`);
    if (rotation !== null) printRotation(rotation, output);
  }
  return EXIT.ok;
}

/** `altlayer rotate-key`: makes the role's next key; what the owner has to sign is told. */
export async function rotateKey(options: NamedOptions & { readonly role: string }, output: Output): Promise<number> {
  const client = await PlatformClient.connect(options);
  const { id } = await must(client, options.rollup);
  const rotation = await client.inTeam<Rotation>("POST", `/rollups/${id}/keys/${options.role}/rotate`, {});
  if (output.json) output.answer(rotation);
  else printRotation(rotation, output);
  return EXIT.ok;
}

function printRotation({ address, state, message, signature }: Rotation, output: Output): void {
  output.line(`  next key    ${address}  ${state}: ${message}`);
  if (signature === null) return;
  output.line(`  the owner ${signature.from} has to sign:`);
  output.line(`      to ${signature.to} data ${signature.data}`);
}
