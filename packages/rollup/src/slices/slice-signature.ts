import { type Hex, keccak256 } from "@altlayer/engine";

const DOMAIN = keccak256(Buffer.from("altlayer.slice.signature.v1"));

/**
 * What the sequencer signs for a slice, with the key that signs its unsafe blocks (docs/spec/slices.md). A slice's id
 * commits to all slices of its block before it, so the newest signature vouches for them all.
 */
export function sliceSigningHash(slice: { readonly chainId: number | bigint; readonly id: Hex }): Hex {
  const words = Buffer.alloc(96);
  words.set(DOMAIN);
  words.writeBigUInt64BE(BigInt(slice.chainId), 56);
  words.write(slice.id.slice(2), 64, "hex");
  return `0x${Buffer.from(keccak256(words)).toString("hex")}`;
}
