import type { Hex } from "../types.ts";

/** Says that a peer of the network speaks for an operator (docs/spec/mach.md, section 14). Signed by its BLS key. */
export interface Link {
  /** The multihash of the libp2p peer id. */
  readonly peerId: Hex;
  readonly operator: Hex;
  /** Seconds. Of two peers that speak for one operator the later one does. */
  readonly issuedAt: number;
}
