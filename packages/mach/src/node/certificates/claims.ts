import type { Hex } from "@altlayer/protocol";
import { Bounded } from "../bounded.ts";
import type { Peer } from "../links/peer.ts";
import type { Claim } from "./intake.ts";

/** Pairings under way: they run on the process's pool of threads, where files are read, too. */
const AT_ONCE = 2;
/** Of one peer, waiting for their turn; it sends at most 64 on a request. */
const MAX_WAITING_PER_PEER = 256;
/** Digests whose certificate would only get more signers. */
const MAX_LATER = 1_024;
/** More signers than a quorum hurry nobody: a slice's certificate is mostly displaced by its block's until then. */
const LATER_MS = 1_000;

interface Waiting extends Claim {
  /** Who sent it. */
  readonly peer: Peer;
}

export interface ClaimsDependencies {
  readonly isSigned: (claim: Claim) => Promise<boolean>;
  /** Whether it would still be kept. */
  readonly isWanted: (claim: Claim) => boolean;
  readonly isLinked: (peer: Peer) => boolean;
  readonly onValid: (claim: Claim, peer: Peer) => void;
  readonly onWrong: (peer: Peer) => void;
  readonly count: (name: string) => void;
  readonly nowMs: () => number;
}

/**
 * Certificates of peers whose signatures are to be checked: a few at a time, in the order in which they came, and none
 * that another has made superfluous meanwhile.
 */
export class Claims {
  readonly #d: ClaimsDependencies;
  readonly #queues = new Map<Peer, Waiting[]>();
  readonly #later = new Bounded<Hex, Waiting & { readonly atMs: number }>(MAX_LATER);
  /** One check at a time of a digest: mostly the others need none then. */
  readonly #checking = new Map<Hex, Claim>();

  constructor(dependencies: ClaimsDependencies) {
    this.#d = dependencies;
  }

  /** Whether a check is under way, or waits for its turn. */
  get isChecking(): boolean {
    return this.#checking.size > 0 || this.#queues.size > 0;
  }

  /** Most signers of a certificate of the digest that is being checked, or waits for its turn; 0 without. */
  signerCount(digest: Hex): number {
    const waiting = [...this.#queues.values()].flat().filter((claim) => claim.digest === digest);
    const all = [this.#checking.get(digest), this.#later.get(digest), ...waiting];
    return Math.max(...all.map((claim) => claim?.certificate.signers.length ?? 0));
  }

  /** @param isLarger a certificate of the digest is held, with fewer signers */
  take(claim: Claim, peer: Peer, isLarger: boolean): void {
    if (isLarger) {
      const before = this.#later.get(claim.digest);
      if (before !== undefined && before.certificate.signers.length >= claim.certificate.signers.length) return;
      this.#later.set(claim.digest, { ...claim, peer, atMs: before?.atMs ?? this.#d.nowMs() });
      return;
    }
    this.#queue({ ...claim, peer });
    this.#turn();
  }

  tick(): void {
    const dueMs = this.#d.nowMs() - LATER_MS;
    for (const [digest, { atMs, ...claim }] of this.#later.drain()) {
      if (atMs <= dueMs) this.#queue(claim);
      else this.#later.set(digest, { ...claim, atMs });
    }
    this.#turn();
  }

  forget(peer: Peer): void {
    this.#queues.delete(peer);
  }

  #queue(claim: Waiting): void {
    const queue = this.#queues.get(claim.peer) ?? [];
    if (queue.length >= MAX_WAITING_PER_PEER) {
      this.#d.count("certificates dropped, too many of a peer");
      return;
    }
    queue.push(claim);
    this.#queues.set(claim.peer, queue);
  }

  /** Begins as many checks as may run beside each other. */
  #turn(): void {
    while (this.#checking.size < AT_ONCE) {
      const next = this.#next();
      if (next === null) return;
      this.#checking.set(next.digest, next);
      void this.#check(next);
    }
  }

  async #check(claim: Waiting): Promise<void> {
    try {
      this.#judged(claim, await this.#d.isSigned(claim));
    } finally {
      this.#checking.delete(claim.digest);
      this.#turn();
    }
  }

  /** The first in line of each peer, peers in turn. */
  #next(): Waiting | null {
    for (const [peer, queue] of this.#queues) {
      while (queue[0] !== undefined && !this.#d.isWanted(queue[0])) {
        queue.shift();
        this.#d.count("certificates ignored, known");
      }
      const [first] = queue;
      if (first !== undefined && this.#checking.has(first.digest)) continue;
      this.#queues.delete(peer);
      if (first === undefined) continue;
      queue.shift();
      if (queue.length > 0) this.#queues.set(peer, queue);
      return first;
    }
    return null;
  }

  #judged(claim: Waiting, signed: boolean): void {
    const { peer } = claim;
    if (signed) {
      if (this.#d.isWanted(claim)) this.#d.onValid(claim, peer);
    } else if (this.#d.isLinked(peer)) this.#d.onWrong(peer);
  }
}
