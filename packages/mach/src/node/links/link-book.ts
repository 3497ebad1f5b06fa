import { type Hex, hexToBytes, type MachDigests } from "@altlayer/protocol";
import type { Bn254Like } from "../options.ts";
import type { EpochTable } from "../table/epoch-table.ts";
import type { Peer } from "./peer.ts";

/** How far a peer's clock may be ahead. */
const MAX_AHEAD_SECONDS = 60;

export type LinkVerdict =
  /** Speaks for the operator. */
  | "accepted"
  /** Speaks for nobody, or for one that has no key in a table yet. */
  | "none"
  /** A later statement of the same operator names another peer. */
  | "superseded"
  | "wrong";

/** Which peer speaks for which operator: the newest statement that the operator's key signed. */
export class LinkBook {
  readonly #digests: MachDigests;
  readonly #bn254: Bn254Like;
  readonly #nowMs: () => number;
  readonly #byOperator = new Map<Hex, Peer>();

  constructor(dependencies: {
    readonly digests: MachDigests;
    readonly bn254: Bn254Like;
    readonly nowMs: () => number;
  }) {
    this.#digests = dependencies.digests;
    this.#bn254 = dependencies.bn254;
    this.#nowMs = dependencies.nowMs;
  }

  peerOf(operator: Hex): Peer | undefined {
    return this.#byOperator.get(operator);
  }

  /** @param tables in which the operator's key is looked for, the newest first */
  judge(peer: Peer, tables: Iterable<EpochTable>): LinkVerdict {
    const { link, idBytes } = peer;
    if (peer.operator !== null) return "accepted";
    if (link === undefined || link === null) return "none";
    const key = keyIn(tables, link.operator);
    if (key === undefined || link.issuedAt > this.#nowMs() / 1000 + MAX_AHEAD_SECONDS) return "none";
    const digest = this.#digests.link({ peerId: idBytes, operator: link.operator, issuedAt: link.issuedAt });
    if (!this.#isSigned(key, digest, link.signature)) return "wrong";
    const before = this.#byOperator.get(link.operator);
    if (before !== undefined) {
      if ((before.link?.issuedAt ?? 0) >= link.issuedAt) return "superseded";
      before.operator = null;
    }
    peer.operator = link.operator;
    this.#byOperator.set(link.operator, peer);
    return "accepted";
  }

  forget(peer: Peer): void {
    for (const [operator, each] of this.#byOperator) if (each === peer) this.#byOperator.delete(operator);
  }

  #isSigned(key: Hex, digest: Hex, signature: Hex): boolean {
    try {
      return this.#bn254.verify(hexToBytes(key), hexToBytes(digest), hexToBytes(signature));
    } catch {
      return false;
    }
  }
}

function keyIn(tables: Iterable<EpochTable>, operator: Hex): Hex | undefined {
  for (const table of tables) {
    const index = table.indexOf(operator);
    if (index !== undefined) return table.members.get(index)?.keyG2;
  }
  return undefined;
}
