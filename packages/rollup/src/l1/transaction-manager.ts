import type { Hex } from "@altlayer/engine";
import type { PrivateKeyAccount } from "viem/accounts";
import { bytesToHex, keccak256 } from "viem/utils";
import type { Clock } from "../clock.ts";
import { closedError } from "../clock.ts";
import { describeError, isClosed, RollupError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { Wakeup } from "../signal.ts";
import { withoutSidecar } from "./encoding.ts";
import type { FeeLimits, Fees } from "./fees.ts";
import { bumpFees, marketFees } from "./fees.ts";
import type { Kzg } from "./kzg.ts";
import { versionedHash } from "./kzg.ts";
import type { JsonRpcClient } from "./rpc-client.ts";
import { count, parseAnswer } from "./schemas.ts";
import type { MinedTransaction, TransactionRequest } from "./transaction-request.ts";
import type { Attempt, StoredTransaction } from "./transaction-store.ts";
import { minedSchema, TransactionStore } from "./transaction-store.ts";

/** So many times rarer are looks at transactions that are all included. */
const SETTLED_POLLS = 20;

export interface TransactionManagerOptions {
  readonly chainId: number;
  /** Where nonces in flight are kept; one directory a key. */
  readonly directory: string;
  readonly pollMs: number;
  /** Without inclusion for this long, the fees are raised and the transaction is sent again. */
  readonly resubmissionMs: number;
  readonly fees: FeeLimits;
  /** Blocks after which an included transaction is forgotten; until then a reorg makes it sent again. */
  readonly reorgBlocks: number;
}

export interface TransactionManagerDependencies {
  readonly account: PrivateKeyAccount;
  readonly rpc: JsonRpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kzg: Kzg | null;
}

/** How often the L1 is asked whether it still has a transaction that is not included. */
const PRESENCE_CHECK_MS = 2_000;

interface Tracked {
  stored: StoredTransaction;
  /** How to sign it again with other fees; unknown for what an earlier process left. */
  readonly sign: ((fees: Fees) => Promise<Attempt>) | null;
  sentAtMs: number;
  checkedAtMs: number;
  mined: MinedTransaction | null;
  missing: number;
  readonly settle: { resolve(mined: MinedTransaction): void; reject(error: unknown): void } | null;
}

/**
 * Sends transactions of one key to the L1, in order, each until it is included: stored before sent, sent again with
 * higher fees while the L1 ignores it, and again when a reorg drops it.
 */
export class TransactionManager {
  readonly #options: TransactionManagerOptions;
  readonly #account: PrivateKeyAccount;
  readonly #rpc: JsonRpcClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #kzg: Kzg | null;
  readonly #store: TransactionStore;
  readonly #closing = new AbortController();
  readonly #counts = { submitted: 0, bumped: 0, included: 0, reverted: 0, lost: 0 };
  /** Poked when something was sent. */
  readonly #sent = new Wakeup();
  #tracked: Tracked[] = [];
  #lock: Promise<unknown> = Promise.resolve();
  #running: Promise<void> | null = null;
  /** Since when the chain waits for a nonce below all of ours. */
  #gapSinceMs: number | null = null;

  constructor(options: TransactionManagerOptions, dependencies: TransactionManagerDependencies) {
    this.#options = options;
    this.#account = dependencies.account;
    this.#rpc = dependencies.rpc;
    this.#clock = dependencies.clock;
    this.#log = dependencies.log;
    this.#kzg = dependencies.kzg;
    this.#store = new TransactionStore({ directory: options.directory });
  }

  get address(): Hex {
    return this.#account.address.toLowerCase() as Hex;
  }

  /** Transactions sent and not yet included. */
  get pending(): number {
    return this.#tracked.filter((entry) => entry.mined === null).length;
  }

  /** What happened since the start, by event. */
  get counts(): Readonly<Record<"submitted" | "bumped" | "included" | "reverted" | "lost", number>> {
    return this.#counts;
  }

  /** Takes up what an earlier process left, then watches. */
  async start(): Promise<void> {
    for (const stored of await this.#store.load()) {
      this.#tracked.push({ stored, sign: null, sentAtMs: 0, checkedAtMs: 0, mined: null, missing: 0, settle: null });
    }
    if (this.#tracked.length > 0) this.#log.info("taking up stored transactions", { count: this.#tracked.length });
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    await this.#end(() => closedError());
  }

  /** Ends like `close`; whoever waits is told that another key has to do it. */
  async abandon(): Promise<void> {
    await this.#end(
      ({ stored: { nonce, label } }) =>
        new RollupError("TX_GAVE_UP", `${label} was sent by ${this.address}, which is no longer the role's key`, {
          severity: "temporary",
          data: { nonce, label },
        }),
    );
  }

  async #end(reason: (entry: Tracked) => RollupError): Promise<void> {
    this.#closing.abort();
    await this.#running;
    for (const entry of this.#tracked) if (entry.mined === null) entry.settle?.reject(reason(entry));
  }

  /**
   * Signs, stores and sends; resolves once included (successful or reverted: see `success`).
   * Errors: `TX_FAILED` (the L1 refused it before a nonce was taken, or the nonce was used by someone else), `CLOSED`.
   */
  send(request: TransactionRequest): Promise<MinedTransaction> {
    const included = this.#locked(() => this.#prepare(request));
    return included.then((wait) => wait.promise);
  }

  async #prepare(request: TransactionRequest): Promise<{ promise: Promise<MinedTransaction> }> {
    if (this.#closing.signal.aborted) throw closedError();
    const blobs = request.blobs && request.blobs.length > 0 ? await this.#sidecars(request.blobs) : null;
    const gas = request.gas ?? (await this.#estimateGas(request, blobs?.hashes));
    const chainNonce = await this.#chainNonce();
    // What was given away and is not on the chain (any more) keeps its nonce; the next one follows it.
    const nonce = this.#tracked.reduce((next, entry) => Math.max(next, entry.stored.nonce + 1), chainNonce);
    const sign = async (fees: Fees): Promise<Attempt> => {
      const base = {
        chainId: this.#options.chainId,
        nonce,
        gas: BigInt(gas),
        data: request.data,
        value: request.value ?? 0n,
      };
      const { maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas } = fees;
      const raw = await this.#account.signTransaction(
        blobs
          ? {
              ...base,
              type: "eip4844",
              to: request.to ?? "0x0000000000000000000000000000000000000000",
              maxFeePerGas,
              maxPriorityFeePerGas,
              maxFeePerBlobGas: maxFeePerBlobGas ?? 1n,
              blobVersionedHashes: blobs.hashes,
              sidecars: blobs.sidecars,
            }
          : { ...base, type: "eip1559", to: request.to, maxFeePerGas, maxPriorityFeePerGas },
      );
      return { hash: transactionHash(raw), raw, ...fees };
    };
    const attempt = await sign(await marketFees(this.#rpc, this.#options.fees, blobs !== null));
    const stored: StoredTransaction = { nonce, label: request.label, blobs: blobs !== null, attempts: [attempt] };
    await this.#store.save(stored);
    let settle: Tracked["settle"] = null;
    const promise = new Promise<MinedTransaction>((resolve, reject) => {
      settle = { resolve, reject };
    });
    const entry: Tracked = { stored, sign, sentAtMs: 0, checkedAtMs: 0, mined: null, missing: 0, settle };
    this.#tracked.push(entry);
    this.#counts.submitted++;
    await this.#broadcast(entry);
    this.#sent.poke();
    return { promise };
  }

  async #sidecars(blobs: readonly Uint8Array[]) {
    const kzg = this.#kzg;
    if (!kzg) throw new RollupError("TX_FAILED", "blobs cannot be sent without KZG", { severity: "critical" });
    const sidecars: { blob: Hex; commitment: Hex; proof: Hex }[] = [];
    const hashes: Hex[] = [];
    for (const blob of blobs) {
      const commitment = await kzg.commit(blob);
      const proof = await kzg.prove(blob, commitment);
      sidecars.push({ blob: bytesToHex(blob), commitment: bytesToHex(commitment), proof: bytesToHex(proof) });
      hashes.push(versionedHash(commitment));
    }
    return { sidecars, hashes };
  }

  async #estimateGas(request: TransactionRequest, blobVersionedHashes?: readonly Hex[]): Promise<number> {
    // Plain data to an account without code costs its intrinsic gas; EIP-7623's floor is the larger of the two.
    if (blobVersionedHashes) return 21_000 + request.data.length * 20;
    const call = {
      from: this.address,
      to: request.to ?? undefined,
      data: request.data,
      value: `0x${(request.value ?? 0n).toString(16)}`,
    };
    try {
      const estimate = parseAnswer(count, await this.#rpc.call("eth_estimateGas", [call]), "eth_estimateGas");
      return Math.ceil(estimate * 1.2);
    } catch (cause) {
      if (!(cause instanceof RollupError) || cause.code !== "L1_RPC_ERROR") throw cause;
      throw new RollupError("TX_FAILED", `${request.label} would revert: ${String(cause.data.message)}`, {
        severity: "temporary",
        data: { label: request.label, revert: cause.data.data },
        cause,
      });
    }
  }

  async #chainNonce(): Promise<number> {
    const method = "eth_getTransactionCount";
    return parseAnswer(count, await this.#rpc.call(method, [this.address, "latest"]), method);
  }

  async #broadcast(entry: Tracked): Promise<void> {
    entry.sentAtMs = this.#clock.nowMs();
    entry.checkedAtMs = entry.sentAtMs;
    const attempt = entry.stored.attempts.at(-1);
    if (!attempt) return;
    try {
      await this.#rpc.call("eth_sendRawTransaction", [attempt.raw]);
      this.#log.debug("transaction sent", { label: entry.stored.label, nonce: entry.stored.nonce, hash: attempt.hash });
    } catch (error) {
      // Known, or its nonce is used already: the next look at the chain tells. Anything else is tried again.
      const text = error instanceof RollupError ? String(error.data.message ?? "") : "";
      if (/already known|already imported|nonce too low/i.test(text)) return;
      this.#log.warn("transaction not accepted, will be sent again", {
        label: entry.stored.label,
        nonce: entry.stored.nonce,
        error: describeError(error),
      });
    }
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      if (this.#tracked.length > 0) {
        try {
          await this.#locked(() => this.#look());
        } catch (error) {
          if (this.#closing.signal.aborted || isClosed(error)) return;
          this.#log.debug("cannot look for transactions", { error: describeError(error) });
        }
      }
      // What is included is only looked at for a reorg that drops it.
      const pollMs = this.#options.pollMs * (this.pending > 0 ? 1 : SETTLED_POLLS);
      await this.#sent.wait(pollMs, this.#clock, this.#closing.signal);
    }
  }

  /** One look at the chain: what is included, what was dropped by a reorg, what needs higher fees. */
  async #look(): Promise<void> {
    const height = parseAnswer(count, await this.#rpc.call("eth_blockNumber", []), "eth_blockNumber");
    const chainNonce = await this.#chainNonce();
    if (this.#gapStands(chainNonce)) {
      await this.#giveUp(chainNonce);
      return;
    }
    const kept: Tracked[] = [];
    for (const entry of this.#tracked) {
      if ((await this.#lookAt(entry, height, chainNonce)) === "keep") kept.push(entry);
      else await this.#store.remove(entry.stored.nonce);
    }
    this.#tracked = kept;
  }

  /**
   * Whether everything we sent waits for a nonce that nobody will send: the L1 told a wrong one (a lying or a confused
   * server), or a reorg dropped what was forgotten already.
   */
  #gapStands(chainNonce: number): boolean {
    const lowest = Math.min(...this.#tracked.map((entry) => entry.stored.nonce));
    if (lowest <= chainNonce) {
      this.#gapSinceMs = null;
      return false;
    }
    this.#gapSinceMs ??= this.#clock.nowMs();
    return this.#clock.nowMs() - this.#gapSinceMs >= this.#options.resubmissionMs;
  }

  /** Tells every sender that its transaction is void, so that each is made again with the right nonce. */
  async #giveUp(chainNonce: number): Promise<void> {
    const given = this.#tracked;
    this.#tracked = [];
    this.#gapSinceMs = null;
    this.#log.error("nonce gap, transactions are given up", { chainNonce, count: given.length });
    for (const { stored, settle } of given) {
      await this.#store.remove(stored.nonce);
      const data = { nonce: stored.nonce, chainNonce, label: stored.label };
      settle?.reject(
        new RollupError("TX_GAVE_UP", `nonce ${stored.nonce} can never follow ${chainNonce}`, {
          severity: "temporary",
          data,
        }),
      );
    }
  }

  async #lookAt(entry: Tracked, height: number, chainNonce: number): Promise<"keep" | "forget"> {
    const { nonce, label } = entry.stored;
    if (nonce < chainNonce) {
      if (entry.mined) return height - entry.mined.blockNumber > this.#options.reorgBlocks ? "forget" : "keep";
      const mined = await this.#findMined(entry);
      if (mined) {
        entry.mined = mined;
        this.#counts[mined.success ? "included" : "reverted"]++;
        entry.settle?.resolve(mined);
        return "keep";
      }
      // The receipt may lag behind the nonce; a nonce that stays without one was used by somebody else.
      if (++entry.missing < 10) return "keep";
      this.#counts.lost++;
      this.#log.error("nonce was used by another sender of this key", { label, nonce });
      entry.settle?.reject(
        new RollupError("TX_FAILED", `nonce ${nonce} of ${this.address} was used by another transaction`, {
          severity: "temporary",
          data: { nonce, label },
        }),
      );
      return "forget";
    }
    if (entry.mined) {
      this.#log.warn("reorg dropped a transaction, sending it again", { label, nonce });
      entry.mined = null;
      await this.#broadcast(entry);
    } else if (this.#clock.nowMs() - entry.sentAtMs >= this.#options.resubmissionMs) {
      await this.#raise(entry);
      await this.#broadcast(entry);
    } else if (this.#clock.nowMs() - entry.checkedAtMs >= PRESENCE_CHECK_MS) {
      await this.#ensurePooled(entry);
    }
    return "keep";
  }

  /** A pool may lose what it had taken: at a restart, in a reorg, when it is full. */
  async #ensurePooled(entry: Tracked): Promise<void> {
    entry.checkedAtMs = this.#clock.nowMs();
    const hash = entry.stored.attempts.at(-1)?.hash;
    if ((await this.#rpc.call("eth_getTransactionByHash", [hash])) === null) await this.#broadcast(entry);
  }

  async #raise(entry: Tracked): Promise<void> {
    const last = entry.stored.attempts.at(-1);
    if (!entry.sign || !last) return;
    const market = await marketFees(this.#rpc, this.#options.fees, entry.stored.blobs);
    const fees = bumpFees(last, market, this.#options.fees);
    if (!fees) {
      this.#log.warn("fee limit reached, sending unchanged", { label: entry.stored.label, nonce: entry.stored.nonce });
      return;
    }
    const attempt = await entry.sign(fees);
    this.#counts.bumped++;
    entry.stored = { ...entry.stored, attempts: [...entry.stored.attempts, attempt] };
    await this.#store.save(entry.stored);
  }

  async #findMined(entry: Tracked): Promise<MinedTransaction | null> {
    for (const { hash } of entry.stored.attempts.toReversed()) {
      const method = "eth_getTransactionReceipt";
      const receipt = parseAnswer(minedSchema, await this.#rpc.call(method, [hash]), method);
      if (receipt) {
        const { blockNumber, blockHash, gasUsed, status } = receipt;
        return { hash, nonce: entry.stored.nonce, blockNumber, blockHash, gasUsed, success: status === 1 };
      }
    }
    return null;
  }

  #locked<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#lock.then(action, action);
    this.#lock = result.catch(() => {});
    return result;
  }
}

/** Hash of a signed transaction; a blob transaction is hashed without its sidecar. */
function transactionHash(raw: Hex): Hex {
  return keccak256(raw.startsWith("0x03") ? withoutSidecar(raw) : raw);
}
