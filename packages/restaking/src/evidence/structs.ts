import type { Core, Message, SlashingProof } from "@altlayer/protocol";
import { ZERO_HASH } from "@altlayer/protocol";
import { type Hex, hexToBigInt, size, slice } from "viem";
import { RestakingError } from "../errors.ts";

/** The contracts' structs, from the protocol's types. */

const FORMS = ["BASE", "PLACE", "CONTENT", "PREFIX", "PARENT", "HISTORY"] as const;

export interface G1Struct {
  readonly X: bigint;
  readonly Y: bigint;
}

export interface G2Struct {
  readonly X: readonly [bigint, bigint];
  readonly Y: readonly [bigint, bigint];
}

const NO_CORE: Core = {
  height: 0,
  timestamp: 0,
  originNumber: 0,
  originHash: ZERO_HASH,
  parentHash: ZERO_HASH,
  attributesHash: ZERO_HASH,
  historyRoot: ZERO_HASH,
  transactionCount: 0,
  transactionRoot: ZERO_HASH,
  blockHash: ZERO_HASH,
  outputRoot: ZERO_HASH,
};

export function coreStruct(core: Core) {
  const { height, timestamp, originNumber, ...rest } = core;
  return { height: BigInt(height), timestamp: BigInt(timestamp), originNumber: BigInt(originNumber), ...rest };
}

export function messageStruct({ kind, core, base }: Message) {
  const { epoch, l1Hash, height, blockHash } = base;
  return { kind, core: coreStruct(core), base: { epoch: BigInt(epoch), l1Hash, height: BigInt(height), blockHash } };
}

export function contradictionStruct(proof: SlashingProof) {
  const history = proof.form === "HISTORY" ? proof : undefined;
  const at = history?.at ?? proof;
  return {
    form: FORMS.indexOf(proof.form),
    inner: history === undefined ? 0 : FORMS.indexOf(history.at.form),
    past: coreStruct(history?.core ?? NO_CORE),
    directions: history?.inclusion.directions ?? 0n,
    inclusion: history?.inclusion.path ?? [],
    prefix: at.form === "PREFIX" ? at.nodes : [],
  };
}

/** 64 bytes. */
export function g1Struct(point: Hex): G1Struct {
  const [X, Y] = words(point, 2) as [bigint, bigint];
  return { X, Y };
}

/** 128 bytes, in the precompile's order. */
export function g2Struct(point: Hex): G2Struct {
  const [a, b, c, d] = words(point, 4) as [bigint, bigint, bigint, bigint];
  return { X: [a, b], Y: [c, d] };
}

function words(bytes: Hex, count: number): bigint[] {
  if (size(bytes) !== 32 * count) {
    throw new RestakingError("CONFLICT", `a point of ${32 * count} bytes is wanted`, { size: size(bytes) });
  }
  return Array.from({ length: count }, (_, i) => hexToBigInt(slice(bytes, 32 * i, 32 * (i + 1))));
}
