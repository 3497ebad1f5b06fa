import type { Hex } from "@altlayer/engine";
import type { L1Header } from "./schemas.ts";

export interface HeaderBranchOptions {
  /** Headers kept below the newest head; who asks for lower ones has them walked to again. */
  readonly maxHeaders: number;
}

/**
 * The branch of headers below the newest head that anybody asked about, by number. Many nodes ask for many ancestors of
 * one head, and each step down is made once; a new head costs the steps to where it joins the branch before.
 */
export class HeaderBranch {
  readonly #maxHeaders: number;
  readonly #at: (hash: Hex) => L1Header | undefined;
  /** Numbers without gaps, from the lowest to the head. */
  readonly #byNumber = new Map<number, L1Header>();
  #head: L1Header | null = null;
  #lowest = 0;

  /** @param dependencies.at the header of that hash, if it is at hand */
  constructor(options: HeaderBranchOptions, dependencies: { readonly at: (hash: Hex) => L1Header | undefined }) {
    this.#maxHeaders = options.maxHeaders;
    this.#at = dependencies.at;
  }

  /** The ancestor of `head` at that height (or itself), if all between them is at hand; else `null`. */
  ancestor(head: Hex, number: number): L1Header | null {
    if (head !== this.#head?.hash && !this.#moveTo(head)) return null;
    while (this.#lowest > number) {
      const below = this.#parent(this.#byNumber.get(this.#lowest)!);
      if (below === undefined) return null;
      this.#lowest = below.number;
      this.#byNumber.set(below.number, below);
    }
    const found = this.#byNumber.get(number) ?? null;
    this.#forget();
    return found;
  }

  /** Makes this the head. False when it is not at hand itself. */
  #moveTo(hash: Hex): boolean {
    const head = this.#at(hash);
    if (head === undefined) return false;
    const added: L1Header[] = [];
    let header: L1Header | undefined = head;
    while (header !== undefined && !this.#holds(header)) {
      added.push(header);
      // Below all that is known nothing can join.
      header = this.#head !== null && header.number > this.#lowest ? this.#parent(header) : undefined;
    }
    if (header === undefined) {
      this.#byNumber.clear();
      this.#lowest = added.at(-1)!.number;
    } else {
      for (let above = header.number + 1; this.#byNumber.delete(above); above++);
    }
    for (const each of added) this.#byNumber.set(each.number, each);
    this.#head = head;
    return true;
  }

  /** Numbers fall one by one, whatever an L1 tells: a walk ends. */
  #parent({ number, parentHash }: L1Header): L1Header | undefined {
    const parent = this.#at(parentHash);
    return parent?.number === number - 1 ? parent : undefined;
  }

  #holds({ number, hash }: L1Header): boolean {
    return this.#byNumber.get(number)?.hash === hash;
  }

  #forget(): void {
    while (this.#byNumber.size > this.#maxHeaders) this.#byNumber.delete(this.#lowest++);
  }
}
