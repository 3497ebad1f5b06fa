import type { Certificate, Message, SlashingProof } from "@altlayer/protocol";
import type { Address, Hex } from "viem";

/** A message with one operator's own signature (G1, 64 bytes), checked by whoever brings it. */
export interface SignedMessage {
  readonly message: Message;
  readonly signature: Hex;
}

/** What convicts: docs/spec/mach.md, section 6. */
export type Evidence =
  | {
      readonly kind: "signatures";
      readonly operator: Address;
      readonly first: SignedMessage;
      readonly second: SignedMessage;
      readonly proof: SlashingProof;
    }
  | {
      readonly kind: "certificates";
      readonly first: Certificate;
      readonly second: Certificate;
      readonly proof: SlashingProof;
    };

/**
 * What a node knows of its chain's ranges. `null`: there is nothing to prove, since both are parts of one chain. `undefined`:
 * not known here, or not yet.
 */
export interface RangeProver {
  /** Nodes of the prefix proof for as many of the first transactions of `long` as `short` has. */
  prefix(long: Message["core"], short: Message["core"]): Promise<readonly Hex[] | null | undefined>;
  /** The core at `low`'s height in the history of `high`, with its inclusion. */
  history(
    high: Message,
    low: Message,
  ): Promise<Pick<Extract<SlashingProof, { form: "HISTORY" }>, "core" | "inclusion"> | null | undefined>;
}
