import {
  BLOCK,
  type EqualHeightProof,
  type Hex,
  isQuorum,
  isSlashable,
  type Message,
  relate,
  type SlashingProof,
  samePlace,
} from "@altlayer/protocol";
import { ancestorL2, type L2Block } from "./chains.ts";
import type { SentShare, Simulation } from "./simulation.ts";

/** The evidence that somebody who has both branches would bring against the signers of two messages, or null. */
function evidenceOf(simulation: Simulation, a: Message, b: Message): SlashingProof | null {
  const candidates: SlashingProof[] = [{ form: "BASE" }];
  const released = a.core.height <= b.base.height || b.core.height <= a.base.height;
  if (released && a.base.l1Hash !== b.base.l1Hash) return null;
  const [low, high] = a.core.height <= b.core.height ? [a, b] : [b, a];
  if (low.core.height === high.core.height) {
    const proof = equalHeight(simulation, low, high);
    if (proof !== null) candidates.push(proof);
  } else {
    candidates.push({ form: "PARENT" });
    const parent = simulation.chains.blocks.get(high.core.parentHash);
    const ancestor = parent === undefined ? undefined : ancestorL2(parent, low.core.height);
    if (ancestor !== undefined) {
      const at = equalHeight(simulation, low, { kind: BLOCK, core: ancestor.executed.core });
      const range = rangeOf(simulation, high);
      if (at !== null && range !== undefined) {
        const inclusion = range.inclusion(low.core.height - 1, high.core.height - 1);
        candidates.push({ form: "HISTORY", core: ancestor.executed.core, inclusion, at });
      }
    }
  }
  const { digests, keccak256 } = simulation;
  return candidates.find((proof) => isSlashable([a, b], proof, { digests, keccak256 })) ?? null;
}

function equalHeight(
  simulation: Simulation,
  a: Pick<Message, "kind" | "core">,
  b: Pick<Message, "kind" | "core">,
): EqualHeightProof | null {
  const relation = relate(a, b);
  if (relation.kind === "incompatible") return { form: relation.form };
  if (relation.kind === "compatible") return null;
  const { short, long } = relation;
  const holder = siblings(simulation, long.parentHash).find(
    (block) =>
      samePlace(block.executed.core, long) &&
      block.transactions.size >= long.transactionCount &&
      block.transactions.root(long.transactionCount) === long.transactionRoot,
  );
  if (holder === undefined || holder.transactions.root(short.transactionCount) === short.transactionRoot) return null;
  return { form: "PREFIX", nodes: holder.transactions.prefix(short.transactionCount, long.transactionCount) };
}

const childrenOf = new WeakMap<Simulation, { size: number; byParent: Map<Hex, L2Block[]> }>();

function siblings(simulation: Simulation, parentHash: Hex): readonly L2Block[] {
  let index = childrenOf.get(simulation);
  if (index === undefined || index.size !== simulation.chains.blocks.size) {
    index = { size: simulation.chains.blocks.size, byParent: new Map() };
    for (const block of simulation.chains.blocks.values()) {
      const { parentHash: parent } = block.executed.core;
      const list = index.byParent.get(parent);
      if (list === undefined) index.byParent.set(parent, [block]);
      else list.push(block);
    }
    childrenOf.set(simulation, index);
  }
  return index.byParent.get(parentHash) ?? [];
}

/** The range behind the message's history root: that of a block at its place. */
function rangeOf(simulation: Simulation, message: Message) {
  return siblings(simulation, message.core.parentHash).find((block) => samePlace(block.executed.core, message.core))
    ?.history;
}

/** P1: nothing that an honest operator sent, in pairs, is evidence against it. */
export function checkHonestOperators(simulation: Simulation, honest: ReadonlySet<number>): void {
  for (const signer of honest) {
    const messages = simulation.sent.filter((share) => share.signer === signer).map((share) => share.message);
    for (const [i, a] of messages.entries()) {
      for (const b of messages.slice(0, i)) {
        const proof = evidenceOf(simulation, a, b);
        if (proof === null) continue;
        simulation.violations.push(
          `P1: honest operator ${signer} is slashable by ${proof.form} for heights ${b.core.height} and ${a.core.height}`,
        );
      }
    }
  }
}

interface FormableCertificate {
  readonly message: Message;
  readonly signers: ReadonlySet<number>;
}

/** Every certificate that somebody could form who got hold of all shares ever sent. */
export function formableCertificates(simulation: Simulation): FormableCertificate[] {
  const byDigest = new Map<Hex, SentShare[]>();
  for (const share of simulation.sent) {
    const shares = byDigest.get(share.digest);
    if (shares === undefined) byDigest.set(share.digest, [share]);
    else shares.push(share);
  }
  const certificates: FormableCertificate[] = [];
  for (const shares of byDigest.values()) {
    const [{ message }] = shares as [SentShare];
    const table = simulation.table(message.base.epoch);
    const signers = new Set(shares.map(({ signer }) => signer).filter((signer) => table.weights.has(signer)));
    const signed = [...signers].reduce((sum, signer) => sum + (table.weights.get(signer)?.[0] ?? 0n), 0n);
    if (isQuorum([signed], table.total)) certificates.push({ message, signers });
  }
  return certificates;
}

/** P2: contradictory certificates make a third, less churn, slashable, and none of it is honest. */
export function checkCertificates(simulation: Simulation, honest: ReadonlySet<number>): void {
  const certificates = formableCertificates(simulation);
  for (const [i, a] of certificates.entries()) {
    for (const b of certificates.slice(0, i)) {
      const proof = evidenceOf(simulation, a.message, b.message);
      if (proof === null) {
        checkUnsettledAgree(simulation, a.message, b.message);
        continue;
      }
      simulation.count(`evidence ${proof.form}`);
      const both = [...a.signers].filter((signer) => b.signers.has(signer));
      const heights = `heights ${a.message.core.height} and ${b.message.core.height}`;
      // One L1 block with two bases is a lie by itself: signers of both are slashable, but the certificates may agree.
      const weight = both.reduce((sum, signer) => sum + (simulation.settings.weights[signer] ?? 0n), 0n);
      if (weight * 3n <= simulation.overlapTripled())
        simulation.violations.push(`P2: too little in common at ${heights}`);
      if (both.some((signer) => honest.has(signer)))
        simulation.violations.push(`P2: an honest operator is in both at ${heights}`);
      if (simulation.settings.safe)
        simulation.violations.push(`P2: certificates contradict without a third at fault, ${heights}`);
    }
  }
}

/** Counts the forms of evidence that faulty operators leave of themselves at one height: what the runs reach. */
export function countEvidence(simulation: Simulation, faulty: ReadonlySet<number>): void {
  for (const signer of faulty) {
    const byHeight = new Map<number, Message[]>();
    for (const share of simulation.sent) {
      if (share.signer !== signer) continue;
      const known = byHeight.get(share.message.core.height) ?? [];
      for (const message of known) {
        const proof = evidenceOf(simulation, share.message, message);
        if (proof !== null) simulation.count(`evidence against one ${proof.form}`);
      }
      byHeight.set(share.message.core.height, [...known, share.message]);
    }
  }
}

/** What the predicate leaves alone above both bases must be of one branch: told by pointers, not by proofs. */
function checkUnsettledAgree(simulation: Simulation, a: Message, b: Message): void {
  if (a.core.height <= b.base.height || b.core.height <= a.base.height) return;
  const [low, high] = a.core.height <= b.core.height ? [a, b] : [b, a];
  if (low.kind !== BLOCK || low.core.height === high.core.height) return;
  const parent = simulation.chains.blocks.get(high.core.parentHash);
  const ancestor = parent === undefined ? undefined : ancestorL2(parent, low.core.height);
  if (ancestor?.executed.core.blockHash === low.core.blockHash) return;
  simulation.violations.push(`P2: heights ${low.core.height} and ${high.core.height} contradict, without evidence`);
}
