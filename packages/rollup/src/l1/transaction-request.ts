import type { Hex } from "@altlayer/engine";

export interface TransactionRequest {
  /** For the log: what this is for. */
  readonly label: string;
  readonly to: Hex | null;
  readonly data: Hex;
  readonly value?: bigint;
  /** Estimated if absent. */
  readonly gas?: number;
  readonly blobs?: readonly Uint8Array[];
}

export interface MinedTransaction {
  readonly hash: Hex;
  readonly nonce: number;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly gasUsed: number;
  readonly success: boolean;
}
