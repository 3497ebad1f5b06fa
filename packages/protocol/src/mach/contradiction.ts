import type { Hex, Keccak256 } from "../types.ts";
import type { MachDigests } from "./digest.ts";
import { type Base, BLOCK, type Core, type Message, type Statement } from "./message.ts";
import { historyLeaf, type InclusionProof, prefixRoots, rootOfInclusion } from "./range.ts";

/** How two statements about one height stand. "prefix" is decided by the transactions: is `short` a prefix of `long`? */
export type Relation =
  | { readonly kind: "compatible" }
  | { readonly kind: "incompatible"; readonly form: "PLACE" | "CONTENT" }
  | { readonly kind: "prefix"; readonly short: Core; readonly long: Core };

const COMPATIBLE: Relation = { kind: "compatible" };
const PLACE: Relation = { kind: "incompatible", form: "PLACE" };
const CONTENT: Relation = { kind: "incompatible", form: "CONTENT" };

/** docs/spec/mach.md, section 4, equal height. Statements of different heights have different places. */
export function relate(a: Statement, b: Statement): Relation {
  if (!samePlace(a.core, b.core)) return PLACE;
  if (a.kind === BLOCK && b.kind === BLOCK) return sameContent(a.core, b.core) ? COMPATIBLE : CONTENT;
  const [short, long] = a.core.transactionCount <= b.core.transactionCount ? [a, b] : [b, a];
  if (short.core.transactionCount === long.core.transactionCount)
    return short.core.transactionRoot === long.core.transactionRoot ? COMPATIBLE : CONTENT;
  if (short.kind === BLOCK) return CONTENT;
  return { kind: "prefix", short: short.core, long: long.core };
}

/** The same with the decider at hand: `prefixRoot` is the root of the first `count` transactions of `of`. */
export function compatibleAtHeight(a: Statement, b: Statement, prefixRoot: (of: Core, count: number) => Hex): boolean {
  const relation = relate(a, b);
  if (relation.kind !== "prefix") return relation.kind === "compatible";
  return prefixRoot(relation.long, relation.short.transactionCount) === relation.short.transactionRoot;
}

export function samePlace(a: Core, b: Core): boolean {
  return (
    a.height === b.height &&
    a.timestamp === b.timestamp &&
    a.originNumber === b.originNumber &&
    a.originHash === b.originHash &&
    a.parentHash === b.parentHash &&
    a.attributesHash === b.attributesHash &&
    a.historyRoot === b.historyRoot
  );
}

function sameContent(a: Core, b: Core): boolean {
  return (
    a.transactionCount === b.transactionCount &&
    a.transactionRoot === b.transactionRoot &&
    a.blockHash === b.blockHash &&
    a.outputRoot === b.outputRoot
  );
}

export function sameBase(a: Base, b: Base): boolean {
  return a.epoch === b.epoch && a.l1Hash === b.l1Hash && a.height === b.height && a.blockHash === b.blockHash;
}

/** What shows that two statements about one height are incompatible. */
export type EqualHeightProof =
  | { readonly form: "PLACE" }
  | { readonly form: "CONTENT" }
  | { readonly form: "PREFIX"; readonly nodes: readonly Hex[] };

/** What, besides two signed messages, makes their signers slashable (section 6). */
export type SlashingProof =
  | { readonly form: "BASE" }
  | EqualHeightProof
  | { readonly form: "PARENT" }
  | {
      readonly form: "HISTORY";
      /** The block at the lower message's height in the history of the higher one. */
      readonly core: Core;
      readonly inclusion: InclusionProof;
      readonly at: EqualHeightProof;
    };

/**
 * Whether the proof shows that who signed both messages is slashable. Order does not matter.
 * @throws ProtocolError `MALFORMED_PROOF` for a list of nodes that fits no tree
 */
export function isSlashable(
  [a, b]: readonly [Message, Message],
  proof: SlashingProof,
  { digests, keccak256 }: { readonly digests: MachDigests; readonly keccak256: Keccak256 },
): boolean {
  if (proof.form === "BASE") return a.base.l1Hash === b.base.l1Hash && !sameBase(a.base, b.base);
  if (a.core.height <= b.base.height || b.core.height <= a.base.height) return false;
  const [low, high] = a.core.height <= b.core.height ? [a, b] : [b, a];
  const gap = high.core.height - low.core.height;
  switch (proof.form) {
    case "PARENT":
      return gap === 1 && low.kind === BLOCK && high.core.parentHash !== low.core.blockHash;
    case "HISTORY": {
      if (gap === 0 || proof.core.height !== low.core.height) return false;
      const leaf = historyLeaf(digests.core(proof.core), keccak256);
      if (rootOfInclusion(leaf, proof.inclusion, keccak256) !== high.core.historyRoot) return false;
      return isContradiction({ kind: BLOCK, core: proof.core }, low, proof.at, keccak256);
    }
    default:
      return gap === 0 && isContradiction(a, b, proof, keccak256);
  }
}

function isContradiction(a: Statement, b: Statement, proof: EqualHeightProof, keccak256: Keccak256): boolean {
  const relation = relate(a, b);
  if (relation.kind === "compatible") return false;
  if (relation.kind === "incompatible") return proof.form === relation.form;
  if (proof.form !== "PREFIX") return false;
  const { short, long } = relation;
  const roots = prefixRoots(
    { count: short.transactionCount, size: long.transactionCount, nodes: proof.nodes },
    keccak256,
  );
  return roots.whole === long.transactionRoot && roots.prefix !== short.transactionRoot;
}
