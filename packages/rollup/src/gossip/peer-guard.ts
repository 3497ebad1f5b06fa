import { RateLimiter } from "./rate-limiter.ts";

export interface PeerGuardOptions {
  /** Messages of one peer that are looked at. */
  readonly rate: { readonly perSecond: number; readonly burst: number };
  /** Offences within the window after which a peer is sent away, and for how long. */
  readonly maxOffences: number;
  readonly windowMs: number;
  readonly banMs: number;
  readonly maxTrackedPeers: number;
}

/** A block a second, and a fresh node's catching up, stay far below; a key that was just replaced causes some offences. */
export const PEER_GUARD_DEFAULTS: PeerGuardOptions = {
  rate: { perSecond: 20, burst: 120 },
  maxOffences: 100,
  windowMs: 60_000,
  banMs: 300_000,
  maxTrackedPeers: 1_000,
};

interface Tracked {
  readonly limiter: RateLimiter;
  offences: number;
  windowEndMs: number;
  bannedUntilMs: number;
}

/**
 * Bounds what a peer may make this node compute. An honest peer passes on only what it has validated itself, so
 * malformed or wrongly signed messages are its own; each costs a signature recovery, and too many end the connection.
 */
export class PeerGuard {
  readonly #options: PeerGuardOptions;
  readonly #now: () => number;
  readonly #peers = new Map<string, Tracked>();

  constructor(options: PeerGuardOptions, dependencies: { readonly now: () => number }) {
    this.#options = options;
    this.#now = dependencies.now;
  }

  /** Whether a message of that peer is looked at now. */
  admit(peer: string): boolean {
    const { limiter, bannedUntilMs } = this.#track(peer);
    if (bannedUntilMs > this.#now()) return false;
    if (limiter.reserve() === 0) return true;
    limiter.cancel();
    return false;
  }

  /** Notes an offence; `true` if it was one too many. */
  offend(peer: string): boolean {
    const tracked = this.#track(peer);
    const now = this.#now();
    if (now >= tracked.windowEndMs) {
      tracked.offences = 0;
      tracked.windowEndMs = now + this.#options.windowMs;
    }
    if (++tracked.offences < this.#options.maxOffences) return false;
    tracked.bannedUntilMs = now + this.#options.banMs;
    return true;
  }

  isBanned(peer: string): boolean {
    return (this.#peers.get(peer)?.bannedUntilMs ?? 0) > this.#now();
  }

  #track(peer: string): Tracked {
    const known = this.#peers.get(peer);
    if (known) return known;
    if (this.#peers.size >= this.#options.maxTrackedPeers) this.#forgetOne();
    const limiter = new RateLimiter(this.#options.rate, { now: this.#now });
    const tracked = { limiter, offences: 0, windowEndMs: 0, bannedUntilMs: 0 };
    this.#peers.set(peer, tracked);
    return tracked;
  }

  /** The longest known that is not banned, or the longest known. */
  #forgetOne(): void {
    for (const peer of this.#peers.keys()) {
      if (this.isBanned(peer)) continue;
      this.#peers.delete(peer);
      return;
    }
    const oldest = this.#peers.keys().next();
    if (!oldest.done) this.#peers.delete(oldest.value);
  }
}
