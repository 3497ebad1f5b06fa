import { bumpFees, type FeeLimits, marketFees } from "@altlayer/rollup";
import { parseTransaction, type TransactionSerialized } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { RaasError } from "../errors.ts";
import type { Hex } from "../spec/primitives.ts";
import type { Attempt, Outbox, Slot } from "../store/outbox.ts";
import { senderOf } from "./sender.ts";

export type L1Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

export interface PendingOptions {
  readonly networkId: string;
  readonly rollupId: string;
  /** Who may sign again for higher fees; what others have signed is sent again as it is. */
  readonly accounts: readonly PrivateKeyAccount[];
  readonly limits: FeeLimits;
  /** Without inclusion for so long, the fees of the lowest nonce are raised. */
  readonly resubmissionMs: number;
}

interface Pending {
  readonly slot: Slot;
  attempts: readonly Attempt[];
  sentAt: number;
  lookedAt: number;
  caring: Promise<void> | null;
}

/** How often the L1 is asked whether it still has what it has not included. */
const PRESENCE_MS = 2_000;
/** Deeds that are looked after; the oldest are forgotten first, and whoever waits for one asks the L1 as for any other. */
const PENDING_MAX = 10_000;

/**
 * Transactions of the outbox on their way into the L1. Whoever waits for a receipt sets off what keeps them going: what
 * the L1 forgot is sent again; while the L1 ignores the lowest nonce of an account, its fees rise, to a limit. A receipt
 * is that of the attempt which was included, whichever attempt is asked for.
 */
export class PendingTransactions {
  readonly #options: PendingOptions;
  readonly #outbox: Outbox;
  readonly #request: L1Request;
  readonly #notice: (text: string) => void;
  readonly #byHash = new Map<Hex, Pending>();

  constructor(
    options: PendingOptions,
    dependencies: {
      readonly outbox: Outbox;
      readonly request: L1Request;
      /** Told what a person should know: fees raised, a limit in the way. */
      readonly notice: (text: string) => void;
    },
  ) {
    this.#options = options;
    this.#outbox = dependencies.outbox;
    this.#request = dependencies.request;
    this.#notice = dependencies.notice;
  }

  /**
   * Stores, then sends the newest attempt at this deed.
   * @returns its hash
   * @throws RaasError `NONCE_TAKEN` where the nonce had been promised to another deed, which is sent now
   */
  async send(raw: TransactionSerialized): Promise<Hex> {
    const { networkId, rollupId } = this.#options;
    const { nonce = 0 } = parseTransaction(raw);
    const sender = await senderOf(raw);
    const slot = { networkId, sender, nonce };
    const attempts = await this.#outbox.store({ ...slot, raw, rollupId });
    const now = performance.now();
    const pending: Pending = { slot, attempts, sentAt: now, lookedAt: now, caring: null };
    for (const { hash } of attempts) this.#byHash.set(hash, pending);
    while (this.#byHash.size > PENDING_MAX) this.#byHash.delete(this.#byHash.keys().next().value!);
    const hash = await this.#broadcast(pending).catch(async (error: unknown) => {
      // A pool may refuse what the next block cannot take: as signed before a crash it would be refused for ever.
      if ((await this.#isOutpriced(pending)) && (await this.#raise(pending))) return pending.attempts.at(-1)!.hash;
      throw error;
    });
    if (isSameDeed(raw, attempts[0]!.raw)) return hash;
    throw new RaasError(
      "NONCE_TAKEN",
      `nonce ${nonce} of ${sender} was promised to another transaction: trying again`,
      {
        details: { sender, nonce, hash },
      },
    );
  }

  async receipt(hash: Hex): Promise<unknown> {
    const pending = this.#byHash.get(hash);
    if (pending === undefined) return await this.#request("eth_getTransactionReceipt", [hash]);
    const found = await this.#firstFound("eth_getTransactionReceipt", pending);
    if (found !== null) return found;
    pending.caring ??= this.#care(pending).finally(() => {
      pending.caring = null;
    });
    await pending.caring;
    return null;
  }

  async transaction(hash: Hex): Promise<unknown> {
    const pending = this.#byHash.get(hash);
    if (pending === undefined) return await this.#request("eth_getTransactionByHash", [hash]);
    return await this.#firstFound("eth_getTransactionByHash", pending);
  }

  async #firstFound(method: string, { attempts }: Pending): Promise<unknown> {
    for (const { hash } of attempts.toReversed()) {
      const found = await this.#request(method, [hash]);
      if (found !== null) return found;
    }
    return null;
  }

  async #broadcast({ attempts }: Pending): Promise<Hex> {
    const { hash, raw } = attempts.at(-1)!;
    return await this.#request("eth_sendRawTransaction", [raw]).then(
      () => hash,
      async (error: unknown) => {
        // It was sent before a crash: what counts is that the network has it.
        if ((await this.#request("eth_getTransactionByHash", [hash])) === null) throw error;
        return hash;
      },
    );
  }

  async #care(pending: Pending): Promise<void> {
    const now = performance.now();
    if (now - pending.lookedAt < Math.min(PRESENCE_MS, this.#options.resubmissionMs)) return;
    pending.lookedAt = now;
    const { sender, nonce } = pending.slot;
    const next = Number(await this.#request("eth_getTransactionCount", [sender, "latest"]));
    // Included just now, or by somebody else with this key: the receipt tells, or never comes.
    if (next > nonce) return;
    if (next === nonce && now - pending.sentAt >= this.#options.resubmissionMs && (await this.#raise(pending))) return;
    if ((await this.#firstFound("eth_getTransactionByHash", pending)) !== null) return;
    // A pool may refuse what it forgot, for the moment: the next look tries again.
    await this.#broadcast(pending).catch(() => {});
  }

  async #isOutpriced({ attempts }: Pending): Promise<boolean> {
    const { maxFeePerGas = 0n } = parseTransaction(attempts.at(-1)!.raw as TransactionSerialized);
    const head = (await this.#request("eth_getBlockByNumber", ["latest", false])) as { readonly baseFeePerGas?: Hex };
    return BigInt(head.baseFeePerGas ?? 0) > maxFeePerGas;
  }

  /** Signs and sends the same deed for higher fees. False where that cannot be. */
  async #raise(pending: Pending): Promise<boolean> {
    const { sender, nonce } = pending.slot;
    const { limits, accounts } = this.#options;
    const account = accounts.find(({ address }) => address.toLowerCase() === sender);
    const last = parseTransaction(pending.attempts.at(-1)!.raw as TransactionSerialized);
    if (account === undefined || last.type !== "eip1559") return false;
    const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = last;
    const market = await marketFees({ call: this.#request }, limits, false);
    const fees = bumpFees({ maxFeePerGas, maxPriorityFeePerGas }, market, limits);
    pending.sentAt = performance.now();
    if (fees === null) {
      this.#notice(`the L1 asks more than the limit of ${limits.maxFeePerGasWei} wei a gas: waiting for it to sink`);
      return false;
    }
    const { r: _r, s: _s, v: _v, yParity: _yParity, ...deed } = last as typeof last & Record<string, unknown>;
    const raw = await account.signTransaction({
      ...deed,
      type: "eip1559",
      maxFeePerGas: fees.maxFeePerGas,
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
    } as Parameters<typeof account.signTransaction>[0]);
    const attempt = await this.#outbox.replace(pending.slot, raw, pending.attempts.length);
    pending.attempts = [...pending.attempts, attempt];
    this.#byHash.set(attempt.hash, pending);
    this.#notice(`transaction ${nonce} waits: its fee is raised to ${fees.maxFeePerGas} wei a gas`);
    await this.#broadcast(pending).catch(() => {});
    return true;
  }
}

/** Whether two signatures say the same but for gas and fees. */
function isSameDeed(a: Hex, b: Hex): boolean {
  if (a === b) return true;
  const [first, second] = [a, b].map((raw) => {
    const { to = null, data = "0x", value = 0n } = parseTransaction(raw as TransactionSerialized);
    return JSON.stringify([to, data, value.toString()]);
  });
  return first === second;
}
