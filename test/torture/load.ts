import { setTimeout as sleep } from "node:timers/promises";
import { keccak256 } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import type { Random } from "./random.ts";
import type { Hex, Receipt } from "./rpc.ts";
import { ask } from "./rpc.ts";

const RECEIVER = "0x00000000000000000000000000000000000707e5";
const RETRY_MS = 20;

/** A transaction that the node has acknowledged: its hash came back, or its receipt did. */
export interface Acknowledged {
  readonly hash: Hex;
  readonly sender: Hex;
  readonly nonce: number;
  /** Of eth_sendRawTransactionSync. */
  readonly receipt?: Receipt;
}

/**
 * One account's client: sends transfers, one nonce after the other, and sends one again until the node has
 * acknowledged it, whatever happens to the node meanwhile.
 */
export class Sender {
  readonly #url: string;
  readonly #account: PrivateKeyAccount;
  readonly #chainId: number;
  readonly #random: Random;
  readonly acknowledged: Acknowledged[] = [];
  nonce = 0;

  constructor(
    options: { readonly url: string; readonly chainId: number },
    dependencies: { readonly account: PrivateKeyAccount; readonly random: Random },
  ) {
    this.#url = options.url;
    this.#chainId = options.chainId;
    this.#account = dependencies.account;
    this.#random = dependencies.random;
  }

  get address(): Hex {
    return this.#account.address;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const raw = await this.#account.signTransaction({
        chainId: this.#chainId,
        type: "eip1559",
        nonce: this.nonce,
        gas: 50_000n,
        maxFeePerGas: 100_000_000_000n,
        maxPriorityFeePerGas: BigInt(1 + this.#random.below(1_000)),
        to: RECEIVER,
        value: 1n,
      });
      const sync = this.#random.below(4) === 0;
      if (!(await this.#deliver(raw, sync, signal))) return;
      this.nonce++;
      await sleep(this.#random.below(12));
    }
  }

  /** `false`: the load ended before the node acknowledged it. */
  async #deliver(raw: Hex, sync: boolean, signal: AbortSignal): Promise<boolean> {
    const acknowledge = (receipt?: Receipt) => {
      const { nonce, address: sender } = this;
      this.acknowledged.push({ hash: keccak256(raw), sender, nonce, ...(receipt === undefined ? {} : { receipt }) });
      return true;
    };
    for (let attempt = 0; !signal.aborted; attempt++) {
      if (sync && attempt === 0) {
        const answer = await ask<Receipt>(this.#url, "eth_sendRawTransactionSync", [raw]);
        if (answer.kind === "result") return acknowledge(answer.result);
      } else {
        const answer = await ask<Hex>(this.#url, "eth_sendRawTransaction", [raw]);
        if (answer.kind === "result") return acknowledge();
        // What an earlier, unanswered attempt left: from now on the node vouches for it.
        if (answer.kind === "error" && /already known|nonce too low/.test(answer.message)) return acknowledge();
      }
      await sleep(RETRY_MS);
    }
    return false;
  }
}
