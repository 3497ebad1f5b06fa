import type { Hex } from "@altlayer/protocol";
import { Bounded } from "../bounded.ts";
import type { Peer } from "../links/peer.ts";
import { encodeFrame, MAX_NAMED } from "../links/wire.ts";

/** Digests that are remembered of each peer, and that wait for the next tick. */
const MAX_SHOWN = 1_024;
const MAX_WAITING = 1_024;
/** Blocks' certificates are named this often to who has them from others. */
const NAME_EVERY_MS = 1_000;

export interface Relayed {
  readonly digest: Hex;
  /** A block's certificate, which stands for all slices before. */
  readonly ofBlock: boolean;
  readonly signers: number;
  /** The whole frame. */
  readonly frame: Uint8Array;
}

/**
 * Passes certificates on, to each peer at most once. Peers that speak for an operator make certificates of their own out
 * of the same shares: they get one with the clock, and only if they have not shown it until then. Others get it at once,
 * but for those that asked to be told the names only (feeds.ts).
 */
export class CertificateRelay {
  readonly #shown = new WeakMap<Peer, Bounded<Hex, number>>();
  readonly #waiting = new Bounded<Hex, Relayed>(MAX_WAITING);
  /** Digests that pruned peers are to be told of. */
  readonly #unnamed = new Bounded<Hex, true>(MAX_NAMED);
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
    this.#waiting.set(certificate.digest, certificate);
    if (certificate.ofBlock) this.#unnamed.set(certificate.digest, true);
    for (const peer of this.#peers())
      if (peer.operator === null && !this.#pruned.has(peer)) this.#send(peer, certificate);
  }

  tick(): void {
    this.#name();
    const waiting = this.#waiting.drain();
    if (waiting.length === 0) return;
    const operators = this.#peers().filter(({ operator }) => operator !== null);
    for (const [, certificate] of waiting) for (const peer of operators) this.#send(peer, certificate);
  }

  #name(): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#namedAtMs < NAME_EVERY_MS) return;
    this.#namedAtMs = nowMs;
    const digests = this.#unnamed.drain().map(([digest]) => digest);
    for (const peer of this.#peers()) {
      if (peer.operator !== null || !this.#pruned.has(peer)) continue;
      const known = this.#shown.get(peer);
      const named = digests.filter((digest) => known?.get(digest) === undefined);
      if (named.length > 0) peer.sendEncoded(encodeFrame({ type: "have", digests: named }));
    }
  }

  #send(peer: Peer, { digest, signers, frame }: Relayed): void {
    if ((this.#shown.get(peer)?.get(digest) ?? 0) >= signers) return;
    this.shown(peer, digest, signers);
    peer.sendEncoded(frame);
  }
}
