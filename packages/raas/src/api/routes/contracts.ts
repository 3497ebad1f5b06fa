import { z } from "zod";
import { RaasError } from "../../errors.ts";
import { address, bytes } from "../../spec/primitives.ts";
import type { VerifiedContract } from "../../store/verified.ts";
import { COMPILERS } from "../../verify/compilers.ts";
import { singleFileSchema, standardJsonOf, standardJsonSchema } from "../../verify/standard-json.ts";
import type { Route, RouteContext } from "../route.ts";
import { defineRoute } from "../route.ts";
import { listOf, rollupParams } from "../schemas.ts";
import { iso } from "../time.ts";

const hex = bytes(1_000_000);
const verifiedSchema = z.object({
  match: z
    .enum(["full", "partial"])
    .describe(
      "full: equal to the last byte; partial: but for the hash of the metadata, and so perhaps of comments and names",
    ),
  compiler: z.string(),
  file: z.string(),
  name: z.string(),
  abi: z.array(z.unknown()),
  metadata: z.string(),
  sources: z.record(z.string(), z.string()),
  settings: z.unknown(),
  immutables: z.record(z.string(), hex).describe("by the compiler's id, as the deployed code has them"),
  libraries: z.record(z.string(), hex),
  verifiedAt: z.string(),
});
const codeSchema = z.object({
  address: hex,
  codeHash: hex.nullable(),
  codeBytes: z.number(),
  verified: verifiedSchema.nullable(),
});
const contractSchema = codeSchema.extend({
  implementation: codeSchema.nullable().describe("of a proxy (EIP-1967)"),
});

const params = rollupParams.extend({ address });
const verifyBody = z
  .strictObject({
    compiler: z.enum(COMPILERS),
    contract: z
      .string()
      .min(1)
      .max(400)
      .nullable()
      .default(null)
      .describe("Token or src/Token.sol:Token; null: whichever matches"),
    source: singleFileSchema.optional(),
    standardJson: standardJsonSchema.optional(),
  })
  .refine(({ source, standardJson }) => (source === undefined) !== (standardJson === undefined), {
    message: "either source or standardJson",
  });

const view = ({ codeHash: _, verifiedAt, ...rest }: VerifiedContract) => ({ ...rest, verifiedAt: iso(verifiedAt) });

/** @throws RaasError `NOT_RUNNING`: the chain's code is the node's to tell */
function placeOf({ services, rollup }: RouteContext<unknown, unknown, unknown>) {
  const running = services.runtime.running(rollup.id);
  if (running === null) throw new RaasError("NOT_RUNNING", "contracts are read from the node: start the rollup first");
  return { rollupId: rollup.id, rpcUrl: running.endpoints.rpc };
}

const BASE = "/teams/:team/rollups/:rollup/explorer";
/** A compilation takes seconds of a core. */
const VERIFICATIONS_PER_MINUTE = 30;

export const contractRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    access: "viewer",
    path: `${BASE}/compilers`,
    name: "explorer.compilers",
    summary: "The compilers that are installed here; sources of others cannot be verified",
    params: rollupParams,
    response: listOf(z.object({ version: z.string() })),
    handle: async () => ({ items: COMPILERS.map((version) => ({ version })) }),
  }),
  defineRoute({
    method: "GET",
    access: "viewer",
    path: `${BASE}/addresses/:address/contract`,
    name: "explorer.contract",
    summary:
      "A contract with its verified source, and its implementation's where it is a proxy; sources=false: the ABI alone",
    params,
    query: z.strictObject({ sources: z.enum(["true", "false"]).default("true") }),
    response: contractSchema,
    handle: async (context) => {
      const found = await context.services.verification.contract(placeOf(context), context.params.address);
      const whole = context.query.sources === "true";
      const known = <T extends { readonly verified: VerifiedContract | null }>({ verified, ...code }: T) => ({
        ...code,
        verified: verified === null ? null : { ...view(verified), ...(whole ? {} : { sources: {}, metadata: "" }) },
      });
      return { ...known(found), implementation: found.implementation === null ? null : known(found.implementation) };
    },
  }),
  defineRoute({
    method: "POST",
    access: "operator",
    path: `${BASE}/addresses/:address/verify`,
    name: "explorer.verify",
    summary: "Verify a contract by its source: one file with settings, or the compiler's standard JSON input",
    params,
    body: verifyBody,
    response: verifiedSchema,
    perMinute: VERIFICATIONS_PER_MINUTE,
    handle: async (context) => {
      const { compiler, contract, source, standardJson } = context.body;
      // The schema lets one of the two pass.
      const input = source === undefined ? standardJson! : standardJsonOf(source);
      const request = { compiler, contract, input };
      return view(await context.services.verification.verify(placeOf(context), context.params.address, request));
    },
  }),
];
