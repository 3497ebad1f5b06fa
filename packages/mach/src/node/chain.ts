import type { Alert, Base, Hex, Message } from "@altlayer/protocol";
import type { Executed, Extension } from "../core/types.ts";

/** What a rollup node tells MACH of its chain. */
export interface MachChain {
  /**
   * First tells what there is: L1 blocks, bases, and the sealed blocks above the newest base, ancestors first. Then what
   * comes, in order. Returns how to stop.
   * @param options.slices false: of what is executed, sealed blocks are enough
   */
  follow(listener: (event: ChainEvent) => void, options?: { readonly slices?: boolean }): () => void;
  /** `transactionLeaf` of every transaction of a sealed block, deposits included. @throws for a block that is not known */
  transactionLeaves(blockHash: Hex): Promise<readonly Hex[]>;
  /**
   * What shows a signer in another process that `message` goes on with `tip`, which no base of it releases; `null` where
   * this node does not know it. A chain that cannot has no operator with such a signer.
   */
  extension?(tip: Message, message: Message): Promise<Extension | null>;
}

export type ChainEvent =
  /** The own engine executed a block, or a slice that ends at a certification point. */
  | { readonly type: "executed"; readonly executed: Executed }
  /** An L1 block became canonical; whatever was told at its number and above is not any more. */
  | { readonly type: "l1Block"; readonly number: number; readonly hash: Hex }
  /** The own derivation reached the finalised block of an epoch. */
  | { readonly type: "base"; readonly base: Base }
  /** The engine gets something else than what the sequencer signed. `alert.epoch` is that of the block's origin. */
  | { readonly type: "refuted"; readonly alert: Alert }
  /** The block of a height as L1 data give it: a certificate of another one is void. */
  | { readonly type: "derived"; readonly height: number; readonly blockHash: Hex };
