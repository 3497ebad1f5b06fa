import type { Hex } from "@altlayer/protocol";
import { Bounded } from "../bounded.ts";
import type { Peer } from "../links/peer.ts";

/** Digests that are remembered of each peer, and that wait for the next tick. */
const MAX_SHOWN = 1_024;
const MAX_WAITING = 1_024;

export interface Relayed {
  readonly digest: Hex;
  readonly signers: number;
  /** The whole frame. */
  readonly frame: Uint8Array;
}

/**
 * Passes certificates on, to each peer at most once. Peers that speak for an operator make certificates of their own out
 * of the same shares: they get one with the clock, and only if they have not shown it until then.
 */
export class CertificateRelay {
  readonly #shown = new WeakMap<Peer, Bounded<Hex, number>>();
  readonly #waiting = new Bounded<Hex, Relayed>(MAX_WAITING);
  readonly #peers: () => readonly Peer[];

  constructor(dependencies: { readonly peers: () => readonly Peer[] }) {
    this.#peers = dependencies.peers;
  }

  /** The peer has a certificate of the digest with so many signers. */
  shown(peer: Peer, digest: Hex, signers: number): void {
    const known = this.#shown.get(peer) ?? new Bounded<Hex, number>(MAX_SHOWN);
    this.#shown.set(peer, known);
    if ((known.get(digest) ?? 0) < signers) known.set(digest, signers);
  }

  spread(certificate: Relayed): void {
    this.#waiting.set(certificate.digest, certificate);
    for (const peer of this.#peers()) if (peer.operator === null) this.#send(peer, certificate);
  }

  tick(): void {
    const waiting = this.#waiting.drain();
    if (waiting.length === 0) return;
    const operators = this.#peers().filter(({ operator }) => operator !== null);
    for (const [, certificate] of waiting) for (const peer of operators) this.#send(peer, certificate);
  }

  #send(peer: Peer, { digest, signers, frame }: Relayed): void {
    if ((this.#shown.get(peer)?.get(digest) ?? 0) >= signers) return;
    this.shown(peer, digest, signers);
    peer.sendEncoded(frame);
  }
}
