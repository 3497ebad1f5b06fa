/** Packs byte strings into one buffer: each as a little-endian u32 length and its bytes. */
export function flatten(items: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const item of items) size += 4 + item.length;
  const flat = new Uint8Array(size);
  const view = new DataView(flat.buffer);
  let position = 0;
  for (const item of items) {
    view.setUint32(position, item.length, true);
    flat.set(item, position + 4);
    position += 4 + item.length;
  }
  return flat;
}
