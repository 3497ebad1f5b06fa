import type { Hex } from "@altlayer/protocol";
import { Bounded } from "../bounded.ts";
import type { Peer } from "../links/peer.ts";
import { encodeFrame, MAX_NAMED } from "../links/wire.ts";

/** Digests that are remembered of each peer. */
const MAX_SHOWN = 1_024;
/** Blocks' certificates are named this often. */
const NAME_EVERY_MS = 1_000;

export interface Relayed {
  readonly digest: Hex;
  /** A block's certificate, which stands for all slices before. */
  readonly ofBlock: boolean;
  /** Few make it, and it is for this node to send it to everybody who makes none, pruned or not. */
  readonly isOwed: boolean;
  readonly signers: number;
  /** The whole frame. */
  readonly frame: Uint8Array;
}

/**
 * Passes certificates on, to each peer at most once. Peers that speak for an operator make certificates of their own out
 * of the same shares, and others may have them from somebody quicker (feeds.ts): those are told the names of blocks'
 * certificates now and then, and ask for what they lack. All others get each at once.
 */
export class CertificateRelay {
  readonly #shown = new WeakMap<Peer, Bounded<Hex, number>>();
  /** Signers of what is to be named, by digest. */
  readonly #unnamed = new Bounded<Hex, number>(MAX_NAMED);
  readonly #pruned = new WeakSet<Peer>();
  readonly #peers: () => readonly Peer[];
  readonly #nowMs: () => number;
  #namedAtMs: number;

  constructor(dependencies: { readonly peers: () => readonly Peer[]; readonly nowMs: () => number }) {
    this.#peers = dependencies.peers;
    this.#nowMs = dependencies.nowMs;
    this.#namedAtMs = this.#nowMs();
  }

  /** The peer has certificates at once from somebody else. */
  prune(peer: Peer): void {
    this.#pruned.add(peer);
  }

  graft(peer: Peer): void {
    this.#pruned.delete(peer);
  }

  /** The peer has a certificate of the digest with so many signers. */
  shown(peer: Peer, digest: Hex, signers: number): void {
    const known = this.#shown.get(peer) ?? new Bounded<Hex, number>(MAX_SHOWN);
    this.#shown.set(peer, known);
    if ((known.get(digest) ?? 0) < signers) known.set(digest, signers);
  }

  spread(certificate: Relayed): void {
    const { digest, ofBlock, isOwed, signers, frame } = certificate;
    if (ofBlock) this.#unnamed.set(digest, signers);
    for (const peer of this.#peers()) {
      const isTold = isOwed ? peer.operator === null : !this.#isNamed(peer);
      if (!isTold || this.#has(peer, digest, signers)) continue;
      this.shown(peer, digest, signers);
      peer.sendEncoded(frame);
    }
  }

  tick(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#namedAtMs < NAME_EVERY_MS) return;
    this.#namedAtMs = nowMs;
    const all = this.#unnamed.drain().map(([digest, signers]) => ({ digest, signers }));
    for (const peer of this.#peers()) {
      if (!this.#isNamed(peer)) continue;
      const certificates = all.filter(({ digest, signers }) => !this.#has(peer, digest, signers));
      for (const { digest, signers } of certificates) this.shown(peer, digest, signers);
      if (certificates.length > 0) peer.sendEncoded(encodeFrame({ type: "have", certificates }));
    }
  }

  /** Whether the peer is told names only. */
  #isNamed(peer: Peer): boolean {
    return peer.operator !== null || this.#pruned.has(peer);
  }

  #has(peer: Peer, digest: Hex, signers: number): boolean {
    return (this.#shown.get(peer)?.get(digest) ?? 0) >= signers;
  }
}
