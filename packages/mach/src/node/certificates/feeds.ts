import type { Peer } from "../links/peer.ts";

/** So often everybody may show again who is the quickest; a peer that holds slices' certificates back keeps them so long. */
const RENEW_MS = 10_000;

export interface CertificateFeedsDependencies {
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
  /** Who brought the last certificate that was new. */
  #source: Peer | null = null;
  #renewedAtMs: number;

  constructor(dependencies: CertificateFeedsDependencies) {
    this.#d = dependencies;
    this.#renewedAtMs = dependencies.nowMs();
  }

  /** The peer was the first with a certificate. One that is pruned may be with a slice's, and feeds nobody with the others. */
  brought(peer: Peer): void {
    if (!this.#pruned.has(peer)) this.#source = peer;
  }

  /** The peer sent unasked what was known already. */
  duplicate(peer: Peer): void {
    // Nobody is pruned for one that has brought nothing.
    if (this.#source === null || this.#source === peer || this.#pruned.has(peer)) return;
    this.#pruned.add(peer);
    peer.send({ type: "prune" });
  }

  /** The peer names a certificate that the others have not sent. */
  missed(peer: Peer): void {
    this.#graft(peer);
  }

  gone(peer: Peer): void {
    this.#pruned.delete(peer);
    if (this.#source !== peer) return;
    this.#source = null;
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

  #graft(peer: Peer): void {
    if (this.#pruned.delete(peer)) peer.send({ type: "graft" });
  }
}
