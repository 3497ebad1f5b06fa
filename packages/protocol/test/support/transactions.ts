import fc from "fast-check";
import { ByteWriter } from "../../src/encoding/bytes.ts";
import { writeListHeader, writeString, writeUint } from "../../src/encoding/rlp.ts";

/** Signed transactions of one chain in all forms that a span batch carries. */
export function transactions(chainId: number): fc.Arbitrary<Uint8Array> {
  const uint = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
  const fields = fc.record({
    type: fc.constantFrom(0, 1, 2),
    nonce: fc.oneof(fc.bigInt({ min: 0n, max: 300n }), uint(64)),
    fees: fc.tuple(uint(256), uint(128)),
    gas: uint(64),
    to: fc.option(fc.uint8Array({ minLength: 20, maxLength: 20 })),
    value: fc.oneof(fc.constant(0n), uint(256)),
    data: fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 100 })),
    accessList: fc.array(
      fc.tuple(
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 3 }),
      ),
      { maxLength: 2 },
    ),
    parity: fc.constantFrom(0n, 1n),
    protected: fc.boolean(),
    r: uint(256),
    s: uint(256),
  });
  return fields.map((tx) => {
    const legacyV = tx.protected ? BigInt(chainId) * 2n + 35n + tx.parity : 27n + tx.parity;
    const fees = tx.type === 2 ? tx.fees : tx.fees.slice(0, 1);
    const body = list([
      ...(tx.type === 0 ? [] : [integer(BigInt(chainId))]),
      integer(tx.nonce),
      ...fees.map(integer),
      integer(tx.gas),
      string(tx.to ?? new Uint8Array(0)),
      integer(tx.value),
      string(tx.data),
      ...(tx.type === 0
        ? []
        : [list(tx.accessList.map(([address, keys]) => list([string(address), list(keys.map(string))])))]),
      integer(tx.type === 0 ? legacyV : tx.parity),
      integer(tx.r),
      integer(tx.s),
    ]);
    return tx.type === 0 ? body : Uint8Array.of(tx.type, ...body);
  });
}

function integer(value: bigint): Uint8Array {
  const writer = new ByteWriter();
  writeUint(writer, value);
  return writer.finish();
}

function string(content: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writeString(writer, content);
  return writer.finish();
}

function list(items: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  writeListHeader(
    writer,
    items.reduce((sum, item) => sum + item.length, 0),
  );
  for (const item of items) writer.bytes(item);
  return writer.finish();
}
