import type { Peer } from "../links/peer.ts";

/** So often everybody may show again who is the quickest; a peer that holds slices' certificates back keeps them so long. */
const RENEW_MS = 10_000;

export interface CertificateFeedsDependencies {
  /** Those that are connected. */
  readonly peers: () => readonly Peer[];
  /** Asks the peer for all certificates from the own newest one on. */
  readonly request: (peer: Peer) => void;
  readonly nowMs: () => number;
}

/**
 * From whom a node that speaks for no operator has certificates at once. All its peers make the same ones at the same
 * time, and each that comes costs as much as the first: so who brings what another has brought is pruned, and only names
 * what it has. Who names a block's certificate that is missing is grafted again. (Plumtree: Leitao, Pereira, Rodrigues,
 * "Epidemic Broadcast Trees", SRDS 2007, sections 3.2 to 3.4.)
 */
export class CertificateFeeds {
  readonly #d: CertificateFeedsDependencies;
  readonly #pruned = new Set<Peer>();
  #renewedAtMs: number;

  constructor(dependencies: CertificateFeedsDependencies) {
    this.#d = dependencies;
    this.#renewedAtMs = dependencies.nowMs();
  }

  /** The peer sent unasked what was known already. */
  duplicate(peer: Peer): void {
    if (this.#pruned.has(peer)) return;
    const isFed = this.#d.peers().some((other) => other !== peer && this.#feeds(other));
    if (!isFed) return;
    this.#pruned.add(peer);
    peer.send({ type: "prune" });
  }

  /** The peer names a certificate that the others have not sent. */
  missed(peer: Peer): void {
    this.#graft(peer);
  }

  gone(peer: Peer): void {
    this.#pruned.delete(peer);
    if (this.#d.peers().some((other) => this.#feeds(other))) return;
    for (const other of [...this.#pruned]) {
      this.#graft(other);
      this.#d.request(other);
    }
  }

  tick(): void {
    if (this.#d.nowMs() - this.#renewedAtMs < RENEW_MS) return;
    this.#renewedAtMs = this.#d.nowMs();
    for (const peer of [...this.#pruned]) this.#graft(peer);
  }

  /** It has spoken, and may send at once. */
  #feeds(peer: Peer): boolean {
    return peer.link !== undefined && !this.#pruned.has(peer);
  }

  #graft(peer: Peer): void {
    if (this.#pruned.delete(peer)) peer.send({ type: "graft" });
  }
}
