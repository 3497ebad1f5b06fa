/** A node under load, ours or another's. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  readonly pid: number;
  /** What of each block is no user's transaction: deposits. */
  readonly ownTransactionsPerBlock: number;
  /** What ran beside it and where its data went. */
  readonly setting: string;
  /** When a block that it shows is on disk. */
  readonly durability: string;
  log(): string;
  stop(): Promise<void>;
}

export interface PeerOptions {
  readonly directory: string;
  /** Path of the genesis accounts' file. */
  readonly allocPath: string;
  /** Gas of a block; blocks come every second. */
  readonly gasLimit: number;
  /** Transactions that the pool must be able to hold. */
  readonly poolSize: number;
}
