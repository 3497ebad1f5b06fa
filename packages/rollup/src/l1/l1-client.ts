import { type BlockRef, type Hex, keccak256 } from "@altlayer/engine";
import { l1HeaderHash } from "@altlayer/protocol";
import { bytesToHex, hexToBytes } from "viem/utils";
import { z } from "zod";
import { RollupError } from "../errors.ts";
import { encodeReceipt, encodeTransaction, withoutSidecar } from "./encoding.ts";
import { HeaderBranch } from "./header-branch.ts";
import { Lru } from "./lru.ts";
import { orderedTrieRoot } from "./ordered-trie.ts";
import type { JsonRpcClient } from "./rpc-client.ts";
import type { L1Header, L1Receipt, L1RpcTransaction } from "./schemas.ts";
import { blockSchema, count, data, headerSchema, parseAnswer, quantity, receiptSchema } from "./schemas.ts";

export interface L1ClientOptions {
  /** Recompute block hashes, transaction roots and receipt roots. Off only for a server that one runs oneself. */
  readonly verify: boolean;
  readonly maxCachedHeaders: number;
  /** Bound on the cached blocks' bodies and receipts, in (about) bytes of their JSON. */
  readonly maxCachedBytes: number;
}

const L1_CLIENT_DEFAULTS: L1ClientOptions = {
  verify: true,
  maxCachedHeaders: 4096,
  maxCachedBytes: 64 * 1024 * 1024,
};

/** A header with the hashes of its transactions: thirty thousand of them fit. */
const MAX_HEADER_BYTES = 2 * 1024 * 1024;
const BLOB_TYPE = 3;
const rawTransaction = data.refine((raw) => raw.startsWith("0x03") && raw.length > 10);

export type L1Tag = "latest" | "safe" | "finalized";

export interface L1Reader {
  chainId(): Promise<number>;
  headerByTag(tag: L1Tag): Promise<L1Header | null>;
  headerByNumber(number: number): Promise<L1Header | null>;
  headerByHash(hash: Hex): Promise<L1Header>;
  /** The ancestor of a block at that height, if all between them is at hand; else `null`. Asks nobody. */
  ancestorAtHand(head: Hex, number: number): L1Header | null;
  transactions(hash: Hex): Promise<readonly L1RpcTransaction[]>;
  receipts(hash: Hex): Promise<readonly L1Receipt[]>;
}

export function refOf(header: L1Header): BlockRef {
  return {
    number: header.number,
    hash: header.hash,
    parentHash: header.parentHash,
    timestamp: header.timestamp,
  };
}

/**
 * Reads an L1 and believes nothing it can check: a header must hash to the hash it came with (and that was asked for),
 * transactions and receipts must hash to the roots of the header. Errors: `L1_LIED`, `L1_BLOCK_NOT_FOUND`, and those
 * of the JSON-RPC client.
 */
export class L1Client implements L1Reader {
  readonly #options: L1ClientOptions;
  readonly #rpc: JsonRpcClient;
  readonly #headers: Lru<Hex, L1Header>;
  readonly #branch: HeaderBranch;
  readonly #bodies: Lru<Hex, readonly L1RpcTransaction[]>;
  readonly #receipts: Lru<Hex, readonly L1Receipt[]>;
  /** What is being asked for: many nodes want the same block at the same moment. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: Partial<L1ClientOptions>, dependencies: { readonly rpc: JsonRpcClient }) {
    this.#options = { ...L1_CLIENT_DEFAULTS, ...options };
    this.#rpc = dependencies.rpc;
    this.#headers = new Lru({ maxWeight: this.#options.maxCachedHeaders });
    this.#branch = new HeaderBranch(
      { maxHeaders: this.#options.maxCachedHeaders },
      { at: (hash) => this.#headers.get(hash) },
    );
    this.#bodies = new Lru({ maxWeight: this.#options.maxCachedBytes });
    this.#receipts = new Lru({ maxWeight: this.#options.maxCachedBytes });
  }

  async chainId(): Promise<number> {
    return parseAnswer(count, await this.#rpc.call("eth_chainId", []), "eth_chainId");
  }

  async baseFees(): Promise<{ readonly gasPrice: bigint }> {
    return { gasPrice: parseAnswer(quantity, await this.#rpc.call("eth_gasPrice", []), "eth_gasPrice") };
  }

  headerByTag(tag: L1Tag): Promise<L1Header | null> {
    return this.#header("eth_getBlockByNumber", tag, () => true);
  }

  /** The canonical header at a height, or `null` if the L1 has none there yet. */
  headerByNumber(number: number): Promise<L1Header | null> {
    return this.#once(`header ${number}`, () => this.#headerByNumber(number));
  }

  #headerByNumber(number: number): Promise<L1Header | null> {
    return this.#header("eth_getBlockByNumber", `0x${number.toString(16)}`, (header) => header.number === number);
  }

  async headerByHash(hash: Hex): Promise<L1Header> {
    return this.#headers.get(hash) ?? (await this.#once(`header ${hash}`, () => this.#readHeader(hash)));
  }

  async #readHeader(hash: Hex): Promise<L1Header> {
    const header = await this.#header("eth_getBlockByHash", hash, (candidate) => candidate.hash === hash);
    if (!header) throw notFound(hash);
    return header;
  }

  ancestorAtHand(head: Hex, number: number): L1Header | null {
    return this.#branch.ancestor(head, number);
  }

  /** The block's transactions in order, checked against the header's transaction root. */
  async transactions(hash: Hex): Promise<readonly L1RpcTransaction[]> {
    return this.#bodies.get(hash) ?? (await this.#once(`transactions ${hash}`, () => this.#readTransactions(hash)));
  }

  async #readTransactions(hash: Hex): Promise<readonly L1RpcTransaction[]> {
    const method = "eth_getBlockByHash";
    const answer = await this.#rpc.call(method, [hash, true]);
    if (answer === null) throw notFound(hash);
    const block = parseAnswer(blockSchema, answer, method);
    this.#checkHeader(block, (header) => header.hash === hash, hash);
    if (this.#options.verify && !(await this.#matchesRoot(block.transactions, block.transactionsRoot))) {
      throw lied(`the transactions of L1 block ${hash} do not match its transaction root`, { hash });
    }
    const { transactions, ...header } = block;
    this.#headers.set(hash, header);
    const weight = transactions.reduce((sum, tx) => sum + 512 + tx.input.length, 512);
    this.#bodies.set(hash, transactions, weight);
    return transactions;
  }

  /** The block's receipts in order, checked against the header's receipt root. */
  async receipts(hash: Hex): Promise<readonly L1Receipt[]> {
    return this.#receipts.get(hash) ?? (await this.#once(`receipts ${hash}`, () => this.#readReceipts(hash)));
  }

  async #readReceipts(hash: Hex): Promise<readonly L1Receipt[]> {
    const header = await this.headerByHash(hash);
    const method = "eth_getBlockReceipts";
    const answer = await this.#rpc.call(method, [hash]);
    if (answer === null) throw notFound(hash);
    const receipts = parseAnswer(z.array(receiptSchema), answer, method);
    if (this.#options.verify && orderedTrieRoot(receipts.map(encodeReceipt)) !== header.receiptsRoot) {
      throw lied(`the receipts of L1 block ${hash} do not match its receipt root`, { hash });
    }
    const weight = receipts.reduce(
      (sum, r) => r.logs.reduce((bytes, log) => bytes + 512 + log.data.length, sum + 512),
      512,
    );
    this.#receipts.set(hash, receipts, weight);
    return receipts;
  }

  /** Who asks for what is being asked for already gets the same answer. */
  #once<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#underWay.get(what);
    if (known !== undefined) return known as Promise<T>;
    const answer = ask().finally(() => this.#underWay.delete(what));
    this.#underWay.set(what, answer);
    return answer;
  }

  /**
   * Whether transactions hash to a root. anvil computes the root over blob transactions in their network form, with
   * blobs: where the plain form does not match, that form is fetched, must hold the same transaction, and is tried.
   */
  async #matchesRoot(transactions: readonly L1RpcTransaction[], root: Hex): Promise<boolean> {
    const encoded = transactions.map(encodeTransaction);
    if (orderedTrieRoot(encoded) === root) return true;
    if (!transactions.some(({ type }) => type === BLOB_TYPE)) return false;
    for (const [index, { type, hash }] of transactions.entries()) {
      if (type !== BLOB_TYPE) continue;
      const method = "eth_getRawTransactionByHash";
      const raw = await this.#rpc.call(method, [hash]).catch(() => null);
      const network = rawTransaction.safeParse(raw);
      const plain = encoded[index];
      if (!network.success || !plain || withoutSidecar(network.data) !== bytesToHex(plain)) return false;
      encoded[index] = hexToBytes(network.data);
    }
    return orderedTrieRoot(encoded) === root;
  }

  async #header(method: string, id: string, matches: (header: L1Header) => boolean): Promise<L1Header | null> {
    const answer = await this.#rpc.call(method, [id, false], { maxResponseBytes: MAX_HEADER_BYTES });
    if (answer === null || answer === undefined) return null;
    const header = parseAnswer(headerSchema, answer, method);
    this.#checkHeader(header, matches, id);
    this.#headers.set(header.hash, header);
    return header;
  }

  #checkHeader(header: L1Header, matches: (header: L1Header) => boolean, id: string): void {
    if (!matches(header)) throw lied(`the L1 answered another block than ${id}`, { id, hash: header.hash });
    if (!this.#options.verify) return;
    const computed = l1HeaderHash(header, keccak256);
    if (computed !== header.hash) {
      throw lied(`the header of L1 block ${header.number} hashes to ${computed}, not to ${header.hash}`, {
        hash: header.hash,
        computed,
      });
    }
  }
}

function notFound(hash: Hex): RollupError {
  return new RollupError("L1_BLOCK_NOT_FOUND", `the L1 does not know block ${hash}`, {
    severity: "temporary",
    data: { hash },
  });
}

function lied(message: string, details: Readonly<Record<string, unknown>>): RollupError {
  // Temporary: another attempt may reach an honest backend behind the same address; nothing false was used.
  return new RollupError("L1_LIED", message, { severity: "temporary", data: details });
}
