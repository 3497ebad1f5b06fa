import type { Hex } from "@altlayer/engine";
import type { BlockTag } from "../rpc/json-rpc/params.ts";
import { proxyError } from "./errors.ts";
import type { FinalHead } from "./final-head.ts";
import type { BlockRef, Upstream } from "./upstream.ts";

/** Tags that may mean "under a certificate". */
export type CertifiedTag = "latest" | "safe" | "finalized";
/** From the newest block to the oldest. */
const ORDER: readonly CertifiedTag[] = ["latest", "safe", "finalized"];

/**
 * What one answer rests on: every tag means one block, the same for all requests of a batch.
 *
 * A tag that is configured means the certified head. Tags that promise more than the first of those are the
 * upstream's, yet never above the certified head, so that `latest >= safe >= finalized` holds. Tags that promise less
 * are the upstream's as they are.
 */
export class Pin {
  readonly #certified: readonly CertifiedTag[];
  readonly #head: FinalHead;
  readonly #upstream: Upstream;
  readonly #resolved = new Map<string, Promise<BlockRef>>();
  #final: BlockRef | null = null;

  constructor(
    options: { readonly certified: readonly CertifiedTag[] },
    dependencies: { readonly head: FinalHead; readonly upstream: Upstream },
  ) {
    this.#certified = options.certified;
    this.#head = dependencies.head;
    this.#upstream = dependencies.upstream;
  }

  /** The certified head as of the first question. @throws RpcError `TRIPPED`, `NO_CERTIFICATE` */
  final(): BlockRef {
    this.#final ??= this.#head.current();
    return this.#final;
  }

  /** Whether nothing above the certified head is shown. */
  get capped(): boolean {
    return this.#certified.includes("latest");
  }

  resolve(tag: BlockTag): Promise<BlockRef> {
    const known = this.#resolved.get(tag);
    if (known !== undefined) return known;
    const resolving = this.#resolve(tag === "pending" && this.capped ? "latest" : tag);
    this.#resolved.set(tag, resolving);
    return resolving;
  }

  /** The hash of a number, where the certified chain has it. */
  certifiedAt(number: number): BlockRef | null {
    return number <= this.final().number ? this.#head.chain.at(number) : null;
  }

  /** Whether a block at this height may be shown. @throws RpcError `HELD_BACK`, `TRIPPED`, `NO_CERTIFICATE` */
  shows(number: number): boolean {
    const held = this.#head.heldBack;
    // An open breaker answers nothing, whatever is asked for.
    const final = this.final();
    if (held !== null && number >= held.number) {
      const block = { number: held.number, hash: held.hash };
      throw proxyError("HELD_BACK", `alerts hold back block ${held.number} and what is built on it`, { block });
    }
    return !this.capped || number <= final.number;
  }

  /** After an answer by number: whether the chain that gave it still holds the pinned block. @throws RpcError `UPSTREAM_MOVED` */
  async confirm(ref: BlockRef): Promise<void> {
    const now = await this.#upstream.canonical(quantityOf(ref.number));
    if (now?.hash === ref.hash) return;
    throw proxyError("UPSTREAM_MOVED", `block ${ref.number} was replaced while this was answered`, {
      number: ref.number,
    });
  }

  async #resolve(tag: BlockTag): Promise<BlockRef> {
    const final = this.final();
    const rank = ORDER.indexOf(tag as CertifiedTag);
    if (this.#certified.includes(tag as CertifiedTag)) return final;
    const ref = await this.#upstream.canonical(tag);
    if (ref === null) throw proxyError("NOT_CERTIFIED", `the chain has no ${tag} block yet`, { tag });
    const clamped = rank >= 0 && this.#certified.some((certified) => ORDER.indexOf(certified) < rank);
    if (clamped && ref.number > final.number) return final;
    if (tag !== "earliest" && !clamped) this.shows(ref.number);
    return ref;
  }
}

export function quantityOf(number: number): Hex {
  return `0x${number.toString(16)}`;
}
