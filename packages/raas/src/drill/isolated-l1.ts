import { setTimeout as sleep } from "node:timers/promises";
import {
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  numberToHex,
  type PublicClient,
  type TransactionReceipt,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { RaasError } from "../errors.ts";

/** A copy of a settlement network that only we see: it begins at the network's head and goes its own way from there. */
export interface L1Copy {
  readonly url: string;
  stop(): Promise<void>;
}

/** Makes such a copy. It must make no block but when asked, and obey anvil's methods. */
export type CopyL1 = (options: {
  /** JSON-RPC of the network. */
  readonly url: string;
  /** The network is an anvil of our own, with its rules. */
  readonly development: boolean;
  /** For whatever the copy writes. */
  readonly directory: string;
}) => Promise<L1Copy>;

export interface Call {
  readonly to: Hex | null;
  readonly data: Hex;
  readonly value?: bigint;
}

const TIMEOUT_MS = 120_000;
const RECEIPT_POLL_MS = 20;
const RECEIPT_TRIES = 500;
/** Blocks that one request mines: progress shows, and an end can come in between. */
const MINE_AT_ONCE = 300;
const PACE_MS = 500;
const POOR_NO_MORE_WEI = 10n ** 20n;

/** What drills do to a copy of the L1: let time pass, act as anybody. */
export class IsolatedL1 {
  readonly url: string;
  readonly client: PublicClient;
  readonly #blockSeconds: number;
  #mining: Promise<void> = Promise.resolve();

  constructor(options: { readonly url: string; readonly blockSeconds: number }) {
    this.url = options.url;
    this.#blockSeconds = options.blockSeconds;
    this.client = createPublicClient({ transport: http(options.url, { timeout: TIMEOUT_MS }), cacheTime: 0 });
  }

  async head(): Promise<{ readonly number: number; readonly timestamp: number }> {
    const { number, timestamp } = await this.client.getBlock();
    return { number: Number(number), timestamp: Number(timestamp) };
  }

  /** Blocks at the network's pace, however long that would take there. */
  async mine(count: number, { signal, onMined }: { readonly signal: AbortSignal; onMined?(count: number): void }) {
    for (let mined = 0; mined < count; ) {
      signal.throwIfAborted();
      const now = Math.min(MINE_AT_ONCE, count - mined);
      const { timestamp } = await this.head();
      // Given by name: the copy's clock is the network's, not this machine's.
      await this.#request("evm_setNextBlockTimestamp", [timestamp + this.#blockSeconds]);
      await this.#request("anvil_mine", [numberToHex(now), numberToHex(this.#blockSeconds)]);
      mined += now;
      onMined?.(mined);
    }
  }

  /** One block, so many seconds after the last. */
  async pass(seconds: number): Promise<void> {
    await this.#mineAt((head) => head + Math.max(1, Math.ceil(seconds)));
  }

  /** Makes a block a second by that clock (in milliseconds), unless it is ahead, until the signal aborts. */
  async keepPace(nowMs: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#mineAt((head) => {
        const now = Math.floor(nowMs() / 1_000);
        return now > head ? now : null;
      });
      await sleep(PACE_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Blocks are made one after the other: each has a later time than the one before. */
  #mineAt(timeAfter: (head: number) => number | null): Promise<void> {
    const turn = this.#mining.then(async () => {
      const timestamp = timeAfter((await this.head()).timestamp);
      if (timestamp !== null) await this.#request("evm_mine", [{ timestamp }]);
    });
    this.#mining = turn.catch(() => {});
    return turn;
  }

  async fund(address: Hex): Promise<void> {
    await this.#request("anvil_setBalance", [address, numberToHex(POOR_NO_MORE_WEI)]);
  }

  /** Signed by a key that was made for the drill. @throws RaasError `DRILL_FAILED` when it reverts */
  async send(account: PrivateKeyAccount, { to, data, value = 0n }: Call): Promise<TransactionReceipt> {
    const wallet = createWalletClient({ account, transport: http(this.url, { timeout: TIMEOUT_MS }) });
    return await this.#included(await wallet.sendTransaction({ chain: null, to, data, value }));
  }

  /** As whoever holds that address would, which is possible on a copy alone. @throws RaasError `DRILL_FAILED` */
  async sendAs(from: Hex, { to, data, value = 0n }: Call): Promise<TransactionReceipt> {
    await this.fund(from);
    await this.#request("anvil_impersonateAccount", [from]);
    const transaction = { from, ...(to === null ? {} : { to }), data, value: numberToHex(value) };
    return await this.#included((await this.#request("eth_sendTransaction", [transaction])) as Hex);
  }

  async read({ to, data }: { readonly to: Hex; readonly data: Hex }): Promise<Hex> {
    return (await this.client.call({ to, data })).data ?? "0x";
  }

  async #included(hash: Hex): Promise<TransactionReceipt> {
    await this.pass(this.#blockSeconds);
    for (let tries = 0; tries < RECEIPT_TRIES; tries++) {
      const receipt = await this.client.getTransactionReceipt({ hash }).catch(() => null);
      if (receipt?.status === "success") return receipt;
      if (receipt !== null) throw new RaasError("DRILL_FAILED", `transaction ${hash} reverted on the copy of the L1`);
      await sleep(RECEIPT_POLL_MS);
    }
    throw new RaasError("DRILL_FAILED", `the copy of the L1 did not take transaction ${hash}`);
  }

  #request(method: string, params: unknown): Promise<unknown> {
    return this.client.request({ method, params } as never);
  }
}
