import type { Certificate, MachDigests, Message, SlashingProof } from "@altlayer/protocol";
import type { Address, Hex } from "viem";
import type { Evidence, RangeProver } from "./evidence.ts";
import { proveContradiction } from "./prove.ts";

export interface FinderLimits {
  /** Heights that are remembered: the newest. */
  readonly heights: number;
  /** Different messages of one height; more are counted in `dropped`. */
  readonly messagesPerHeight: number;
  /** Pairs that wait for the node to know their ranges: the newest. */
  readonly unproven: number;
}

export const FINDER_LIMITS: FinderLimits = { heights: 256, messagesPerHeight: 32, unproven: 64 };

interface Known {
  readonly message: Message;
  readonly digest: Hex;
  readonly signatures: Map<Address, Hex>;
  certificate?: Certificate;
  /** What was found out about this message and another, by the other's digest. */
  readonly relations: Map<Hex, SlashingProof | null>;
}

type Pair = readonly [Known, Known];

/** Certificates that a node holds on its disk: far more heights than are remembered here. */
export interface StoredCertificates {
  /** Those of the height, and of the nearest heights below and above that have any. */
  near(height: number): readonly Certificate[];
}

/**
 * Finds contradictions in what a node sees, with bounded memory. Each message is kept once, with who signed it; it is
 * compared with what the same signer said at this height, and at the nearest ones below and above. A certificate is
 * compared with those on disk, too: a second branch may be kept back until memory has forgotten the first.
 */
export class ContradictionFinder {
  readonly #digests: MachDigests;
  readonly #prover: RangeProver | undefined;
  readonly #stored: StoredCertificates | undefined;
  readonly #limits: FinderLimits;
  readonly #heights = new Map<number, Known[]>();
  readonly #reported = new Set<string>();
  readonly #unproven = new Map<string, Pair>();
  #dropped = 0;

  constructor(
    {
      digests,
      prover,
      stored,
    }: { readonly digests: MachDigests; readonly prover?: RangeProver; readonly stored?: StoredCertificates },
    limits: FinderLimits = FINDER_LIMITS,
  ) {
    this.#digests = digests;
    this.#prover = prover;
    this.#stored = stored;
    this.#limits = limits;
  }

  /** Messages that were not remembered, and pairs that were not waited for, for the limits. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A share whose signature was checked. An operator is reported once: one conviction is for good. */
  async observeShare(operator: Address, message: Message, signature: Hex): Promise<Evidence | undefined> {
    const known = this.#remember(message);
    if (known === undefined) return undefined;
    if (known.signatures.has(operator)) return undefined;
    known.signatures.set(operator, signature);
    if (this.#reported.has(operator)) return undefined;
    for (const other of this.#neighbours(known, ({ signatures }) => signatures.has(operator))) {
      const proof = await this.#relation(known, other);
      const evidence = proof && this.#bySignatures(operator, [known, other], proof);
      if (evidence) return evidence;
    }
    return undefined;
  }

  /** A certificate, or an aggregate of less weight, that was checked. A pair is reported once. */
  async observeCertificate(certificate: Certificate): Promise<readonly Evidence[]> {
    const { message } = certificate;
    const known = this.#remember(message) ?? this.#unremembered(certificate);
    const before = known.certificate?.signers.length ?? 0;
    if (known.certificate !== certificate && before >= certificate.signers.length) return [];
    known.certificate = certificate;
    const others = new Map(
      this.#neighbours(known, (each) => each.certificate !== undefined).map((each) => [each.digest, each]),
    );
    for (const each of this.#stored?.near(message.core.height) ?? []) {
      const other = this.#find(each.message) ?? this.#unremembered(each);
      other.certificate ??= each;
      if (other.digest !== known.digest) others.set(other.digest, other);
    }
    const found: Evidence[] = [];
    for (const other of others.values()) {
      const proof = await this.#relation(known, other);
      const evidence = proof && this.#byCertificates([known, other], proof);
      if (evidence) found.push(evidence);
    }
    return found;
  }

  /** Looks again at pairs whose ranges the node did not know: it may have the blocks of another branch by now. */
  async retry(): Promise<readonly Evidence[]> {
    const found: Evidence[] = [];
    for (const pair of [...this.#unproven.values()]) {
      const proof = await this.#relation(...pair);
      if (!proof) continue;
      for (const operator of pair[0].signatures.keys()) {
        const evidence = pair[1].signatures.has(operator) && this.#bySignatures(operator, pair, proof);
        if (evidence) found.push(evidence);
      }
      const evidence = this.#byCertificates(pair, proof);
      if (evidence) found.push(evidence);
    }
    return found;
  }

  #bySignatures(operator: Address, [a, b]: Pair, proof: SlashingProof): Evidence | undefined {
    if (this.#reported.has(operator)) return undefined;
    this.#reported.add(operator);
    const signed = ({ message, signatures }: Known) => ({ message, signature: signatures.get(operator)! });
    return { kind: "signatures", operator, first: signed(a), second: signed(b), proof };
  }

  #byCertificates([a, b]: Pair, proof: SlashingProof): Evidence | undefined {
    const pair = pairOf(a, b);
    if (a.certificate === undefined || b.certificate === undefined || this.#reported.has(pair)) return undefined;
    this.#reported.add(pair);
    return { kind: "certificates", first: a.certificate, second: b.certificate, proof };
  }

  #find(message: Message): Known | undefined {
    const digest = this.#digests.message(message);
    return this.#heights.get(message.core.height)?.find((each) => each.digest === digest);
  }

  /** Looked at once, and forgotten. */
  #unremembered(certificate: Certificate): Known {
    const { message } = certificate;
    const digest = this.#digests.message(message);
    return { message, digest, signatures: new Map(), certificate, relations: new Map() };
  }

  #remember(message: Message): Known | undefined {
    const { height } = message.core;
    const digest = this.#digests.message(message);
    let list = this.#heights.get(height);
    const known = list?.find((each) => each.digest === digest);
    if (known !== undefined) return known;
    if (list === undefined) {
      if (this.#heights.size >= this.#limits.heights) {
        const lowest = Math.min(...this.#heights.keys());
        // Too old to be remembered, or the oldest makes room.
        if (height < lowest) {
          this.#dropped++;
          return undefined;
        }
        this.#heights.delete(lowest);
      }
      list = [];
      this.#heights.set(height, list);
    }
    if (list.length >= this.#limits.messagesPerHeight) {
      this.#dropped++;
      return undefined;
    }
    const fresh: Known = { message, digest, signatures: new Map(), relations: new Map() };
    list.push(fresh);
    return fresh;
  }

  /** Others at the height, and at the nearest heights below and above that have any. */
  #neighbours(known: Known, wanted: (each: Known) => boolean): Known[] {
    const { height } = known.message.core;
    const at = (h: number) => (this.#heights.get(h) ?? []).filter((each) => each !== known && wanted(each));
    const found = at(height);
    const heights = [...this.#heights.keys()].sort((a, b) => a - b);
    // Nearest first: those above in their order, those below against it.
    for (const side of [heights.filter((h) => h > height), heights.filter((h) => h < height).reverse()]) {
      const nearest = side.find((h) => at(h).length > 0);
      if (nearest !== undefined) found.push(...at(nearest));
    }
    return found;
  }

  async #relation(a: Known, b: Known): Promise<SlashingProof | null> {
    const before = a.relations.get(b.digest) ?? b.relations.get(a.digest);
    if (before !== undefined) return before;
    const pair = pairOf(a, b);
    const context = { digests: this.#digests, prover: this.#prover };
    const proof = await proveContradiction(a.message, b.message, context);
    if (proof !== undefined) {
      this.#unproven.delete(pair);
      a.relations.set(b.digest, proof);
      return proof;
    }
    if (this.#prover === undefined) return null;
    this.#unproven.set(pair, [a, b]);
    for (const oldest of this.#unproven.keys()) {
      if (this.#unproven.size <= this.#limits.unproven) break;
      this.#unproven.delete(oldest);
      this.#dropped++;
    }
    return null;
  }
}

function pairOf(a: Known, b: Known): string {
  return [a.digest, b.digest].sort().join();
}
