import { z } from "zod";
import type { RotationView } from "../../rotation/rotations.ts";
import { ROTATING_ROLES } from "../../secrets/key-rotations.ts";
import { ROLES } from "../../secrets/key-store.ts";
import type { Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { empty, listOf, rollupParams, signatureSchema } from "../schemas.ts";
import { iso } from "../time.ts";

const time = z.string().describe("ISO 8601, UTC");
const address = z.string();
const rotationSchema = z.object({
  address,
  createdAt: time,
  state: z.enum(["funding", "preparing", "signature", "switching"]),
  inUse: z.boolean(),
  message: z.string(),
  signature: signatureSchema.nullable(),
});
const keySchema = z.object({
  role: z.enum(ROLES),
  address,
  createdAt: time,
  rotates: z.boolean().describe("whether it can be replaced: the contracts name it, and the owner can name another"),
  balanceWei: z.string().nullable(),
  rotation: rotationSchema.nullable().describe("its successor, on its way"),
  retired: z.array(z.object({ address, retiredAt: time })),
});
const keyParams = rollupParams.extend({ role: z.enum(ROTATING_ROLES) });

const present = ({ address: next, createdAt, state, inUse, message, signature }: RotationView) => ({
  address: next,
  createdAt: iso(createdAt),
  state,
  inUse,
  message,
  signature,
});

export const keyRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/teams/:team/rollups/:rollup/keys",
    name: "keys.list",
    summary: "The accounts that act for the rollup, their successors on the way, and those retired; never a key",
    access: "viewer",
    params: rollupParams,
    response: listOf(keySchema),
    handle: async ({ rollup, services: { keys, keyRotations, rotations, networks } }) => {
      const [known, retired, next] = await Promise.all([
        keys.ages(rollup.id),
        keyRotations.retired(rollup.id),
        rotations.of(rollup).catch(() => []),
      ]);
      const items = known.map(async ({ role, address: held, createdAt }) => {
        const rotation = next.find((candidate) => candidate.role === role);
        const balance = await networks
          .request<string>(rollup.networkId, "eth_getBalance", [held, "latest"])
          .catch(() => null);
        return {
          role,
          address: held,
          createdAt: iso(createdAt),
          rotates: ROTATING_ROLES.some((rotating) => rotating === role),
          balanceWei: balance === null ? null : BigInt(balance).toString(),
          rotation: rotation === undefined ? null : present(rotation),
          retired: retired
            .filter((old) => old.role === role)
            .map((old) => ({ address: old.address, retiredAt: iso(old.retiredAt) })),
        };
      });
      return { items: await Promise.all(items) };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/teams/:team/rollups/:rollup/keys/:role/rotate",
    name: "keys.rotate",
    managedOnly: true,
    summary: "Make the role's next key; it is used when the owner has named it, and the old one is retired then",
    access: "operator",
    params: keyParams,
    body: empty,
    response: rotationSchema,
    status: 202,
    handle: async ({ rollup, params, services: { rotations } }) => present(await rotations.begin(rollup, params.role)),
  }),
];
