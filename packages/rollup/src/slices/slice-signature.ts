import type { Hex } from "@altlayer/engine";
import { concat, keccak256, numberToHex, stringToHex } from "viem/utils";

const DOMAIN = keccak256(stringToHex("altlayer.slice.signature.v1"));

/**
 * What the sequencer signs for a slice, with the key that signs its unsafe blocks (docs/spec/slices.md). A slice's id
 * commits to all slices of its block before it, so the newest signature vouches for them all.
 */
export function sliceSigningHash(slice: { readonly chainId: number | bigint; readonly id: Hex }): Hex {
  return keccak256(concat([DOMAIN, numberToHex(slice.chainId, { size: 32 }), slice.id]));
}
