import { setTimeout as sleep } from "node:timers/promises";
import { TortureError } from "./errors.ts";
import type { Block, Hex } from "./rpc.ts";
import { ask, blockParameter } from "./rpc.ts";

const POLL_MS = 25;

/** Looks at every block as it is served, and never forgets a hash. */
export class Witness {
  readonly #url: string;
  readonly #hashes: Hex[] = [];

  constructor(options: { readonly url: string }) {
    this.#url = options.url;
  }

  /** By number. */
  get hashes(): readonly Hex[] {
    return this.#hashes;
  }

  /** Throws when a block that was served once has another hash, or is gone. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await sleep(POLL_MS);
    }
  }

  async look(): Promise<void> {
    const latest = await ask<Block>(this.#url, "eth_getBlockByNumber", ["latest", false]);
    if (latest.kind !== "result") return;
    const head = Number(latest.result.number);
    this.#note(head, latest.result.hash);
    // What was missed in between, and the newest that were served before a crash.
    for (let number = Math.max(0, Math.min(this.#hashes.length, head) - 3); number < head; number++) {
      const answer = await ask<Block | null>(this.#url, "eth_getBlockByNumber", [blockParameter(number), false]);
      if (answer.kind === "result" && answer.result !== null) this.#note(number, answer.result.hash);
    }
  }

  #note(number: number, hash: Hex): void {
    const known = this.#hashes[number];
    if (known !== undefined && known !== hash)
      throw new TortureError("PROMISE_BROKEN", `block ${number} was served as ${known} and is now ${hash}`);
    this.#hashes[number] = hash;
  }
}
