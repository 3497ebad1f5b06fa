import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MarkMessage, parseSliceMessages, type SliceMessage } from "../src/slices/slice-message.ts";

const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((value) => `0x${Buffer.from(value).toString("hex")}` as const);
const data = fc.uint8Array({ maxLength: 40 }).map((value) => `0x${Buffer.from(value).toString("hex")}` as const);
const transactions = fc.array(data, { maxLength: 4 });
const count = fc.nat();

const attributes = fc.record({
  timestamp: count,
  prevRandao: hex(32),
  suggestedFeeRecipient: hex(20),
  parentBeaconBlockRoot: fc.option(hex(32)),
  transactions,
  noTxPool: fc.boolean(),
  gasLimit: count,
  eip1559Params: fc.option(hex(8)),
  minBaseFee: fc.option(count),
});
/** As it goes over the wire: what is absent in the engine's terms is null. */
const message = fc.record(
  {
    slice: fc.record({ number: count, parentHash: hex(32), index: count, id: hex(32), previousId: hex(32) }),
    signature: hex(65),
    attributes,
    flashblock: fc.record({
      payload_id: hex(8),
      index: count,
      diff: fc.record({ transactions, gas_used: hex(2) }),
      metadata: fc.record({ block_number: count }),
    }),
  },
  { requiredKeys: ["slice", "signature", "flashblock"] },
);

/** Every path to a value inside, containers included. */
function paths(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...path, key]))];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...(value as object) };
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

/** Of a message with one thing in it. */
const parseSliceMessage = (text: string) => {
  const read = parseSliceMessages(text);
  return read?.length === 1 ? (read[0] ?? null) : null;
};

/** No random slice is a mark. */
function sliceOf(read: SliceMessage | MarkMessage | null): SliceMessage | null {
  if (read === null) return null;
  if ("mark" in read) expect.fail("a slice was read as a mark");
  return read;
}

describe("a message of the slice stream", () => {
  it("is read back as it was written, null for what is absent", () => {
    fc.assert(
      fc.property(message, (sent) => {
        const read = sliceOf(parseSliceMessage(JSON.stringify(sent)));
        expect(read?.slice).toEqual(sent.slice);
        expect(read?.signature).toBe(sent.signature);
        expect(read?.flashblock).toEqual(sent.flashblock);
        const given = Object.entries(sent.attributes ?? {}).filter(([, value]) => value !== null);
        expect(read?.attributes).toEqual(sent.attributes && Object.fromEntries(given));
      }),
    );
  });

  it("is refused without a throw, whatever stands there instead of one", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.uint8Array().map((value) => Buffer.from(value).toString("latin1")),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(parseSliceMessages(text)).toBeNull();
      }),
    );
  });

  it("may hold many, in their order, and is refused where one of them is none", () => {
    const mark: MarkMessage = {
      mark: { parentHash: `0x${"11".repeat(32)}`, index: 7, id: `0x${"22".repeat(32)}` },
    };
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.nat(), (sent, place) => {
        const read = parseSliceMessages(JSON.stringify([...sent, mark]));
        expect(read?.slice(0, -1).map((one) => sliceOf(one)?.slice)).toEqual(sent.map(({ slice }) => slice));
        expect(read?.at(-1)).toEqual(mark);
        for (const wrong of [null, {}, [], [mark], { mark: {} }]) {
          expect(
            parseSliceMessages(JSON.stringify(sent.toSpliced(place % (sent.length + 1), 0, wrong as never))),
          ).toBeNull();
        }
      }),
    );
    expect(parseSliceMessages("[]")).toBeNull();
  });

  it("is refused or of its type when any one value in it is another", () => {
    const other = fc.oneof(fc.constantFrom(null, -1, 1.5, 1e300, "", "0x", "0xzz", "0xA", [], {}), fc.jsonValue());
    const seen = { refused: 0, read: 0 };
    fc.assert(
      fc.property(message, fc.nat(), other, (sent, place, by) => {
        const all = paths(sent);
        const text = JSON.stringify(replaced(sent, all[place % all.length] ?? [], by));
        const read = sliceOf(parseSliceMessage(text));
        seen[read === null ? "refused" : "read"]++;
        if (read !== null) expectTyped(read);
      }),
      { numRuns: 500 },
    );
    // The generator reaches both: loose parts of a Flashblock may hold anything.
    expect(seen.refused).toBeGreaterThan(50);
    expect(seen.read).toBeGreaterThan(5);
  });

  it("is refused when a byte of it is missing", () => {
    fc.assert(
      fc.property(message, fc.nat(), (sent, cut) => {
        const text = JSON.stringify(sent);
        expect(parseSliceMessages(text.slice(0, cut % text.length))).toBeNull();
      }),
    );
  });
});

/** What the follower does with a message without looking again. */
function expectTyped({ slice, signature, attributes: opened, flashblock }: SliceMessage): void {
  for (const hash of [slice.parentHash, slice.id, slice.previousId]) expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
  for (const number of [slice.number, slice.index]) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
  expect(signature).toMatch(/^0x[0-9a-f]{130}$/);
  for (const transaction of [...flashblock.diff.transactions, ...(opened?.transactions ?? [])]) {
    expect(transaction).toMatch(/^0x([0-9a-f]{2})*$/);
  }
  expect(Object.values(opened ?? {})).not.toContain(null);
}
