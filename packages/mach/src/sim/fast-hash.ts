/**
 * A hash for simulations: 256 bits, a hundred times faster than keccak256, and no more than well mixed. Nobody in a
 * simulation searches for collisions; what the signing rule and the predicate compare are different inputs.
 */
export function fastHash(data: Uint8Array): Uint8Array {
  let a = 0x243f6a88 ^ data.length;
  let b = 0x85a308d3;
  let c = 0x13198a2e;
  let d = 0x03707344;
  const words = data.length >>> 2;
  for (let i = 0, at = 0; i < words; i++, at += 4) {
    const word =
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24);
    a = Math.imul(a ^ word, 0x9e3779b1);
    b = Math.imul(b + a, 0x85ebca77) ^ (a >>> 15);
    c = Math.imul(c ^ b, 0xc2b2ae3d) + (d >>> 7);
    d = Math.imul(d + c, 0x27d4eb2f) ^ (b >>> 13);
  }
  for (let at = words * 4; at < data.length; at++) a = Math.imul(a ^ (data[at] as number), 0x01000193) + d;
  const out = new Uint8Array(32);
  for (let i = 0, at = 0; i < 8; i++) {
    a = Math.imul(a ^ (d >>> 16), 0x85ebca6b) + i;
    b = Math.imul(b ^ a ^ (a >>> 13), 0xc2b2ae35);
    c = Math.imul(c + b, 0x9e3779b1) ^ (b >>> 16);
    d = Math.imul(d ^ c, 0x27d4eb2f) + (c >>> 11);
    out[at++] = d;
    out[at++] = d >>> 8;
    out[at++] = d >>> 16;
    out[at++] = d >>> 24;
  }
  return out;
}
