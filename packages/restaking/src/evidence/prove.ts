import {
  BLOCK,
  type EqualHeightProof,
  isSlashable,
  type MachDigests,
  type Message,
  relate,
  type SlashingProof,
  type Statement,
  sameBase,
} from "@altlayer/protocol";
import { keccak256 } from "viem";
import type { RangeProver } from "./evidence.ts";

const hash = (bytes: Uint8Array): Uint8Array => keccak256(bytes, "bytes");

/**
 * The proof that who signed both messages is slashable, where there is one and the node can make it.
 * @returns `null` for compatible messages and released ones; `undefined` where only ranges that the prover does not hold can
 *   tell: it may hold them later.
 */
export async function proveContradiction(
  a: Message,
  b: Message,
  { digests, prover }: { readonly digests: MachDigests; readonly prover?: RangeProver | undefined },
): Promise<SlashingProof | null | undefined> {
  if (a.base.l1Hash === b.base.l1Hash && !sameBase(a.base, b.base)) return { form: "BASE" };
  if (a.core.height <= b.base.height || b.core.height <= a.base.height) return null;
  const [low, high] = a.core.height <= b.core.height ? [a, b] : [b, a];
  const proof = low.core.height === high.core.height ? await atHeight(a, b, prover) : await across(low, high, prover);
  if (!proof) return proof;
  // What the prover says is not believed: the contract would not, either.
  return isSlashable([a, b], proof, { digests, keccak256: hash }) ? proof : null;
}

async function atHeight(
  a: Statement,
  b: Statement,
  prover: RangeProver | undefined,
): Promise<EqualHeightProof | null | undefined> {
  const relation = relate(a, b);
  if (relation.kind === "compatible") return null;
  if (relation.kind === "incompatible") return { form: relation.form };
  const nodes = await prover?.prefix(relation.long, relation.short);
  return nodes && { form: "PREFIX", nodes };
}

async function across(
  low: Message,
  high: Message,
  prover: RangeProver | undefined,
): Promise<SlashingProof | null | undefined> {
  const adjacent = high.core.height === low.core.height + 1;
  if (adjacent && low.kind === BLOCK && high.core.parentHash !== low.core.blockHash) return { form: "PARENT" };
  const past = await prover?.history(high, low);
  if (!past) return past;
  const at = await atHeight({ kind: BLOCK, core: past.core }, low, prover);
  return at && { form: "HISTORY", ...past, at };
}
