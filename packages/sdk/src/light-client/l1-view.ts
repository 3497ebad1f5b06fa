import { type Address, encodeAbiParameters, type Hex, keccak256, numberToHex, pad } from "viem";
import { SdkError } from "../errors.ts";
import { type AnyClient, call } from "../rpc/call.ts";
import { count, headerSchema, type L1Header, proofSchema } from "../rpc/schemas.ts";
import { requireHash } from "./header.ts";
import { type KnownNodes, provenValue, storageRootOf, storageWord } from "./trie.ts";

/**
 * Which L1 block is believed. Everything else is proven from its state root.
 * - `rpc`: the newest block that `l1Client` names.
 * - `blockHash`: this block, from a source of the caller's (an L1 light client, an own node). It should be fresh:
 *   age, jailing and canonicality are judged as of this block.
 * - `quorum`: the block that at least `agreeing` of `clients` and `l1Client` name at one height: `lag` (0) below the
 *   highest that so many of them have reached.
 */
export type L1Trust =
  | { readonly kind: "rpc" }
  | { readonly kind: "blockHash"; readonly hash: Hex }
  | {
      readonly kind: "quorum";
      readonly clients: readonly AnyClient[];
      readonly agreeing: number;
      readonly lag?: number;
    };

/** A storage slot of a contract, by what it holds. */
export type Slot = Hex;

export function slotAt(index: number | bigint): Slot {
  return numberToHex(index, { size: 32 });
}

/** The slot of `mapping[key]`, with the mapping itself at `index` (Solidity's storage layout). */
export function slotOf(index: number, key: bigint | Address): Slot {
  const padded = typeof key === "bigint" ? numberToHex(key, { size: 32 }) : pad(key, { size: 32 });
  return keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint256" }], [padded, BigInt(index)]));
}

/** EIP-2935: the last 8191 block hashes, in the state of every L1 since Prague. */
const HISTORY_CONTRACT: Address = "0x0000f90827f1c53a10cb7a02335b175320002935";
const HISTORY_LENGTH = 8191;
/** Storage keys of one request: servers refuse many more. */
const KEYS_PER_REQUEST = 64;

/** The L1 as of one block that is believed: storage, and hashes of blocks below, by proof. */
export class L1View {
  readonly header: L1Header;
  readonly #nodes: KnownNodes = new Map();
  readonly #client: AnyClient;
  readonly #trust: L1Trust;

  private constructor(header: L1Header, client: AnyClient, trust: L1Trust) {
    this.header = header;
    this.#client = client;
    this.#trust = trust;
  }

  /** @throws SdkError `L1_OTHER_CHAIN`, `L1_LIED`, `L1_NO_QUORUM`, `L1_BEHIND`; viem's errors */
  static async open(
    { l1ChainId, trust }: { readonly l1ChainId: number; readonly trust: L1Trust },
    { client }: { readonly client: AnyClient },
  ): Promise<L1View> {
    const [chainId, header] = await Promise.all([
      call(client, { method: "eth_chainId", params: [], schema: count }),
      trustedHeader(client, trust),
    ]);
    if (chainId !== l1ChainId) {
      throw new SdkError("L1_OTHER_CHAIN", `the L1 client is on chain ${chainId}, the service on ${l1ChainId}`, {
        chainId,
        l1ChainId,
      });
    }
    return new L1View(header, client, trust);
  }

  /** The values of a contract's slots, in order. @throws SdkError `L1_LIED` */
  async storage(address: Address, slots: readonly Slot[]): Promise<readonly bigint[]> {
    const pages: (readonly Slot[])[] = [];
    for (let at = 0; at < slots.length; at += KEYS_PER_REQUEST) pages.push(slots.slice(at, at + KEYS_PER_REQUEST));
    return (await Promise.all(pages.map((page) => this.#page(address, page)))).flat();
  }

  /**
   * Whether an L1 block is an ancestor of the believed one, or that block itself.
   * @throws SdkError `L1_BEHIND`, `ORIGIN_UNPROVEN`
   */
  async has(blocks: readonly { readonly number: number; readonly hash: Hex }[]): Promise<readonly boolean[]> {
    const head = this.header.number;
    const above = blocks.find(({ number }) => number > head);
    if (above !== undefined) {
      throw new SdkError("L1_BEHIND", `the L1 is seen up to ${head}, the certificate rests on ${above.number}`, {
        head,
        number: above.number,
      });
    }
    const past = blocks.filter(({ number }) => number < head);
    const values = await this.storage(
      HISTORY_CONTRACT,
      past.map(({ number }) => slotAt(number % HISTORY_LENGTH)),
    );
    const hashes = new Map<number, Hex>([[head, this.header.hash]]);
    for (const [i, { number }] of past.entries()) {
      const recorded = head - number <= HISTORY_LENGTH ? (values[i] as bigint) : 0n;
      hashes.set(number, recorded === 0n ? await this.#namedHash(number) : numberToHex(recorded, { size: 32 }));
    }
    return blocks.map(({ number, hash }) => hashes.get(number) === hash);
  }

  async #page(address: Address, slots: readonly Slot[]): Promise<readonly bigint[]> {
    if (slots.length === 0) return [];
    const { accountProof, storageProof } = await call(this.#client, {
      method: "eth_getProof",
      // By hash (EIP-1898): a block that the L1 has dropped meanwhile is an error of the server's, not a wrong proof.
      params: [address, slots, { blockHash: this.header.hash }],
      schema: proofSchema,
    });
    const account = provenValue(this.header.stateRoot, { key: address, proof: accountProof }, this.#nodes);
    if (account === null && address === HISTORY_CONTRACT) return slots.map(() => 0n);
    const root = storageRootOf(account);
    if (storageProof.length !== slots.length) throw new SdkError("L1_LIED", "a proof is missing", { address });
    return slots.map((key, i) =>
      storageWord(provenValue(root, { key, proof: storageProof[i]?.proof ?? [] }, this.#nodes)),
    );
  }

  /** Where the L1 has no record: only for those who believe the RPC anyway. */
  async #namedHash(number: number): Promise<Hex> {
    if (this.#trust.kind !== "rpc") {
      throw new SdkError("ORIGIN_UNPROVEN", `the L1 has no provable hash of block ${number}`, { number });
    }
    const header = await headerBy(this.#client, "eth_getBlockByNumber", numberToHex(number));
    return header.hash;
  }
}

async function trustedHeader(client: AnyClient, trust: L1Trust): Promise<L1Header> {
  if (trust.kind === "rpc") return headerBy(client, "eth_getBlockByNumber", "latest");
  const hash = trust.kind === "blockHash" ? trust.hash : await agreedHash([client, ...trust.clients], trust);
  const header = await headerBy(client, "eth_getBlockByHash", hash);
  if (header.hash !== hash.toLowerCase()) throw new SdkError("L1_LIED", "the L1 gave another block", { hash });
  return header;
}

/** The block at one height that enough L1 nodes name. Who does not answer does not count. */
async function agreedHash(
  clients: readonly AnyClient[],
  { agreeing, lag = 0 }: { readonly agreeing: number; readonly lag?: number },
): Promise<Hex> {
  const fulfilled = async <T>(asked: readonly Promise<T>[]): Promise<T[]> =>
    (await Promise.allSettled(asked)).flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const heads = await fulfilled(clients.map((client) => headerBy(client, "eth_getBlockByNumber", "latest")));
  const numbers = heads.map(({ number }) => number).sort((a, b) => b - a);
  // The height that `agreeing` of them have reached: a node that lags, or says so, cannot hold the others back.
  const height = (numbers[agreeing - 1] ?? -1) - lag;
  if (agreeing < 1 || height < 0) {
    throw new SdkError("L1_NO_QUORUM", `${heads.length} L1 nodes answered, ${agreeing} must agree`, { agreeing });
  }
  const votes = new Map<Hex, number>();
  const named = await fulfilled(clients.map((client) => headerBy(client, "eth_getBlockByNumber", numberToHex(height))));
  for (const { hash, number } of named) if (number === height) votes.set(hash, (votes.get(hash) ?? 0) + 1);
  for (const [hash, count_] of votes) if (count_ >= agreeing) return hash;
  throw new SdkError("L1_NO_QUORUM", `no block at height ${height} is named by ${agreeing} L1 nodes`, {
    height,
    agreeing,
  });
}

async function headerBy(
  client: AnyClient,
  method: "eth_getBlockByNumber" | "eth_getBlockByHash",
  id: string,
): Promise<L1Header> {
  const header = await call(client, { method, params: [id, false], schema: headerSchema.nullable() });
  if (header === null) throw new SdkError("L1_BEHIND", `the L1 node does not have block ${id}`, { id });
  return requireHash(header);
}
