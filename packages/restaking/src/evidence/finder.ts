import type { Certificate, MachDigests, Message, SlashingProof } from "@altlayer/protocol";
import type { Address, Hex } from "viem";
import type { Evidence, RangeProver } from "./evidence.ts";
import { proveContradiction } from "./prove.ts";

export interface FinderLimits {
  /** Heights that are remembered: the newest. */
  readonly heights: number;
  /** Different messages of one height; more are counted in `dropped`. */
  readonly messagesPerHeight: number;
}

export const FINDER_LIMITS: FinderLimits = { heights: 256, messagesPerHeight: 32 };

interface Known {
  readonly message: Message;
  readonly digest: Hex;
  readonly signatures: Map<Address, Hex>;
  certificate?: Certificate;
  /** What was found out about this message and another, by the other's digest. */
  readonly relations: Map<Hex, SlashingProof | null>;
}

/**
 * Finds contradictions in what a node sees, with bounded memory. Each message is kept once, with who signed it; it is
 * compared with what the same signer said at this height, at the next ones, and at the nearest lower one.
 */
export class ContradictionFinder {
  readonly #digests: MachDigests;
  readonly #prover: RangeProver | undefined;
  readonly #limits: FinderLimits;
  readonly #heights = new Map<number, Known[]>();
  readonly #reported = new Set<string>();
  #dropped = 0;

  constructor(
    { digests, prover }: { readonly digests: MachDigests; readonly prover?: RangeProver },
    limits: FinderLimits = FINDER_LIMITS,
  ) {
    this.#digests = digests;
    this.#prover = prover;
    this.#limits = limits;
  }

  /** Messages that were not remembered for the limits. */
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
      if (proof === null || this.#reported.has(operator)) continue;
      this.#reported.add(operator);
      const second = { message: other.message, signature: other.signatures.get(operator)! };
      return { kind: "signatures", operator, first: { message, signature }, second, proof };
    }
    return undefined;
  }

  /** A certificate, or an aggregate of less weight, that was checked. A pair is reported once. */
  async observeCertificate(certificate: Certificate): Promise<Evidence | undefined> {
    const known = this.#remember(certificate.message);
    if (known === undefined) return undefined;
    if ((known.certificate?.signers.length ?? 0) >= certificate.signers.length) return undefined;
    known.certificate = certificate;
    for (const other of this.#neighbours(known, (each) => each.certificate !== undefined)) {
      const proof = await this.#relation(known, other);
      const pair = [known.digest, other.digest].sort().join();
      if (proof === null || this.#reported.has(pair)) continue;
      this.#reported.add(pair);
      return { kind: "certificates", first: certificate, second: other.certificate!, proof };
    }
    return undefined;
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

  /** Others at the height, one above, and at the nearest lower height that has any. */
  #neighbours(known: Known, wanted: (each: Known) => boolean): Known[] {
    const { height } = known.message.core;
    const at = (h: number) => (this.#heights.get(h) ?? []).filter((each) => each !== known && wanted(each));
    const found = [...at(height), ...at(height + 1)];
    for (let lower = height - 1; lower >= height - this.#limits.heights; lower--) {
      const below = at(lower);
      if (below.length === 0) continue;
      found.push(...below);
      break;
    }
    return found;
  }

  async #relation(a: Known, b: Known): Promise<SlashingProof | null> {
    const before = a.relations.get(b.digest) ?? b.relations.get(a.digest);
    if (before !== undefined) return before;
    const context = { digests: this.#digests, prover: this.#prover };
    const proof = (await proveContradiction(a.message, b.message, context)) ?? null;
    a.relations.set(b.digest, proof);
    return proof;
  }
}
