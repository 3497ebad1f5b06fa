/**
 * What the proxy answers, and how each method names its block. A method that is not here is refused: it could name a
 * block in a way that cannot be pinned.
 */
export type Pinning =
  /** Names no block. */
  | { readonly kind: "none"; readonly idempotent?: false }
  /** State at a block, which EIP-1898 lets be named by hash. */
  | { readonly kind: "state"; readonly at: number }
  /** A block, or something in it, by number or tag: asked for by hash, with another method. */
  | { readonly kind: "number"; readonly byHash: string }
  /** A block, or something in it, by hash. */
  | { readonly kind: "hash" }
  /** A block by number, tag or hash in one parameter. */
  | { readonly kind: "id" }
  /** A transaction, or what belongs to it, by its own hash. */
  | { readonly kind: "transaction"; readonly unmined: "null" | "pending" }
  /** A number only. */
  | { readonly kind: "newest"; readonly at: number };

const none: Pinning = { kind: "none" };
const state = (at: number): Pinning => ({ kind: "state", at });

/** Beside these: `eth_blockNumber`, `eth_getLogs`, filters, subscriptions and `mach_proxyStatus`. */
export const PINNING: Readonly<Record<string, Pinning>> = {
  eth_chainId: none,
  eth_accounts: none,
  eth_syncing: none,
  eth_gasPrice: none,
  eth_maxPriorityFeePerGas: none,
  eth_blobBaseFee: none,
  net_version: none,
  net_listening: none,
  web3_clientVersion: none,
  web3_sha3: none,
  eth_sendRawTransaction: { kind: "none", idempotent: false },
  mach_getService: none,
  mach_getCertificate: none,
  mach_getFinality: none,
  mach_getHead: none,
  mach_getHistoryProof: none,
  mach_getAlerts: none,

  eth_call: state(1),
  eth_estimateGas: state(1),
  eth_createAccessList: state(1),
  eth_getBalance: state(1),
  eth_getCode: state(1),
  eth_getTransactionCount: state(1),
  eth_getStorageAt: state(2),
  eth_getProof: state(2),

  eth_getBlockByNumber: { kind: "number", byHash: "eth_getBlockByHash" },
  eth_getBlockTransactionCountByNumber: { kind: "number", byHash: "eth_getBlockTransactionCountByHash" },
  eth_getTransactionByBlockNumberAndIndex: { kind: "number", byHash: "eth_getTransactionByBlockHashAndIndex" },
  eth_getRawTransactionByBlockNumberAndIndex: { kind: "number", byHash: "eth_getRawTransactionByBlockHashAndIndex" },
  eth_getUncleCountByBlockNumber: { kind: "number", byHash: "eth_getUncleCountByBlockHash" },

  eth_getBlockByHash: { kind: "hash" },
  eth_getBlockTransactionCountByHash: { kind: "hash" },
  eth_getTransactionByBlockHashAndIndex: { kind: "hash" },
  eth_getRawTransactionByBlockHashAndIndex: { kind: "hash" },
  eth_getUncleCountByBlockHash: { kind: "hash" },
  eth_getBlockReceipts: { kind: "id" },

  eth_getTransactionByHash: { kind: "transaction", unmined: "pending" },
  eth_getTransactionReceipt: { kind: "transaction", unmined: "null" },
  eth_feeHistory: { kind: "newest", at: 1 },
};
