import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compress, decompress } from "../compression/node.ts";
import { ByteReader, ByteWriter } from "../src/encoding/bytes.ts";
import {
  type Batch,
  BatchReader,
  bytesToHex,
  channelCompression,
  decodeBatch,
  decodeBlob,
  decodeChannel,
  encodeBatch,
  encodeBlob,
  encodeChannel,
  encodeChannelContent,
  encodeFrames,
  hexToBytes,
  isProtocolError,
  MAX_BLOB_DATA_SIZE,
  makeSpanBatch,
  ProtocolError,
  parseFrames,
  parseRollupConfig,
  type SingularBatch,
  serializeRollupConfig,
} from "../src/index.ts";
import { testConfig } from "./support/simulation.ts";
import { transactions } from "./support/transactions.ts";

const chain = { l2ChainId: 901, genesisTime: 1_000_000, blockTime: 2 };
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hex = (length: number) => bytes(length).map(bytesToHex);

/** Decodes, and holds the promise that malformed input gives a code. Returns whether it was well formed. */
function typed(decode: () => unknown): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    expect(isProtocolError(error), String(error)).toBe(true);
    return false;
  }
}

/** Good bytes with something done to them. */
function damaged(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(good, fc.nat(), fc.nat(255), fc.constantFrom("flip", "cut", "insert"))
    .map(([data, at, value, how]) => {
      const index = data.length === 0 ? 0 : at % data.length;
      if (how === "cut") return data.slice(0, index);
      if (how === "insert") return Uint8Array.of(...data.slice(0, index), value, ...data.slice(index));
      const flipped = data.slice();
      flipped[index] = value;
      return flipped;
    });
}

const singular: fc.Arbitrary<SingularBatch> = fc.record({
  kind: fc.constant("singular" as const),
  parentHash: hex(32),
  epochNumber: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  epochHash: hex(32),
  timestamp: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  transactions: fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }),
});

const span = fc
  .record({
    start: fc.nat({ max: 100_000 }),
    epoch: fc.nat({ max: 1_000_000 }),
    hashes: fc.tuple(hex(32), hex(32)),
    startsEpoch: fc.boolean(),
    blocks: fc.array(fc.tuple(fc.boolean(), fc.array(transactions(chain.l2ChainId), { maxLength: 4 })), {
      minLength: 1,
      maxLength: 20,
    }),
  })
  .map(({ start, epoch, hashes, startsEpoch, blocks }) => {
    let epochNumber = epoch;
    const batches = blocks.map(([advance, txs], i): SingularBatch => {
      if (i > 0 && advance) epochNumber++;
      const timestamp = chain.genesisTime + (start + i) * chain.blockTime;
      return {
        kind: "singular",
        parentHash: hashes[0],
        epochHash: hashes[1],
        epochNumber,
        timestamp,
        transactions: txs,
      };
    });
    return makeSpanBatch(batches, startsEpoch, chain);
  });

const batch: fc.Arbitrary<Batch> = fc.oneof(singular, span);

describe("batches", () => {
  test("decode to what was encoded, and encode to the same bytes again", () => {
    fc.assert(
      fc.property(batch, (it) => {
        const encoded = encodeBatch(it, chain);
        const decoded = decodeBatch(encoded, chain);
        expect(decoded).toEqual(it);
        expect(encodeBatch(decoded, chain)).toEqual(encoded);
      }),
      { numRuns: 300 },
    );
  });

  test("when damaged are refused with a code, or are other well-formed batches", () => {
    let refused = 0;
    fc.assert(
      fc.property(damaged(batch.map((it) => encodeBatch(it, chain))), (data) => {
        if (!typed(() => decodeBatch(data, chain))) refused++;
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test("never come out of counts that the data cannot hold", () => {
    // rel_timestamp 0, l1_origin_num 0, checks, then ten million blocks and no data.
    const writer = new ByteWriter();
    writer.u8(1);
    writer.zeros(42);
    writer.uvarint(10_000_000);
    expect(() => decodeBatch(writer.finish(), chain)).toThrow(ProtocolError);
    const more = new ByteWriter();
    more.u8(1);
    more.zeros(42);
    more.uvarint(10_000_001);
    more.zeros(2_000_000);
    expect(() => decodeBatch(more.finish(), chain)).toThrow(expect.objectContaining({ code: "MALFORMED_BATCH" }));
  });

  test("of a span refuse what a span cannot carry", () => {
    const refuse = (raw: string) => {
      const it: SingularBatch = {
        kind: "singular",
        parentHash: `0x${"00".repeat(32)}`,
        epochHash: `0x${"00".repeat(32)}`,
        epochNumber: 0,
        timestamp: chain.genesisTime,
        transactions: [hexToBytes(raw)],
      };
      expect(() => encodeBatch(makeSpanBatch([it], true, chain), chain)).toThrow(ProtocolError);
    };
    refuse("0x");
    refuse("0x7ec0");
    refuse("0x03c0");
    refuse("0x02c0");
    // Signed for chain 1 (v = 37).
    refuse(`0xf85f800182520894${"aa".repeat(20)}018025a0${"11".repeat(32)}a0${"22".repeat(32)}`);
  });
});

describe("channels", () => {
  test.each(["zlib", "brotli"] as const)("of %s give back their batches", (algorithm) => {
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 4 }), (batches) => {
        const content = encodeChannelContent(batches, chain);
        const data = encodeChannel(algorithm, compress(algorithm, content, 5));
        expect(channelCompression(data)).toBe(algorithm);
        const decoded = decodeChannel(data, { maxBytes: 100_000_000, brotli: true }, decompress);
        expect(decoded).toEqual(content);
        const reader = new BatchReader(decoded, chain);
        for (const expected of batches) expect(reader.next()).toEqual(expected);
        expect(reader.next()).toBeNull();
      }),
      { numRuns: 30 },
    );
  });

  test("are clipped at the limit, with the batches before it intact", () => {
    const one = fc.sample(singular, { numRuns: 1, seed: 1 })[0] as SingularBatch;
    const size = encodeChannelContent([one], chain).length;
    const data = encodeChannel("zlib", compress("zlib", encodeChannelContent([one, one, one], chain)));
    const reader = new BatchReader(decodeChannel(data, { maxBytes: size * 2 + 5, brotli: true }, decompress), chain);
    expect(reader.next()).toEqual(one);
    expect(reader.next()).toEqual(one);
    expect(() => reader.next()).toThrow(ProtocolError);
  });

  test("keep what comes before a fault", () => {
    const content = encodeChannelContent(fc.sample(singular, { numRuns: 2000, seed: 2 }), chain);
    for (const algorithm of ["zlib", "brotli"] as const) {
      const data = Uint8Array.from(compress(algorithm, content, 5));
      for (const at of [data.length >> 1, data.length - 1]) {
        const bad = data.slice();
        bad[at] = (bad[at] as number) ^ 0xff;
        const output = decompress(algorithm, bad, 100_000_000);
        expect(output.length).toBeGreaterThan(algorithm === "zlib" ? content.length / 4 : 0);
        const cut = decompress(algorithm, data.subarray(0, at), 100_000_000);
        expect(cut).toEqual(content.subarray(0, cut.length));
      }
    }
  });

  test("that are bombs stop at the limit", () => {
    for (const algorithm of ["zlib", "brotli"] as const) {
      const bomb = compress(algorithm, new Uint8Array(50_000_000), 5);
      expect(decompress(algorithm, bomb, 10_000_000)).toHaveLength(10_000_000);
    }
  });

  test("of unknown form, empty, or of Brotli before Fjord are refused", () => {
    const options = { maxBytes: 1000, brotli: false };
    for (const data of [new Uint8Array(0), Uint8Array.of(2, 3), Uint8Array.of(1, 2, 3)]) {
      expect(() => decodeChannel(data, options, decompress)).toThrow(
        expect.objectContaining({ code: "MALFORMED_CHANNEL" }),
      );
    }
  });

  test("of any bytes never throw but with a code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
        typed(() => {
          const reader = new BatchReader(decodeChannel(data, { maxBytes: 1000, brotli: true }, decompress), chain);
          while (reader.next() !== null);
        });
        typed(() => new BatchReader(data, chain).next());
      }),
      { numRuns: 500 },
    );
  });
});

describe("frames", () => {
  const frame = fc.record({
    channelId: hex(16),
    frameNumber: fc.nat(65535),
    data: fc.uint8Array({ maxLength: 50 }),
    isLast: fc.boolean(),
  });
  const frames = fc.array(frame, { minLength: 1, maxLength: 5 });

  test("parse to what was encoded", () => {
    fc.assert(
      fc.property(frames, (it) => {
        expect(parseFrames(encodeFrames(it))).toEqual(it);
      }),
    );
  });

  test("when damaged are refused with a code, or are other frames of the same bytes", () => {
    fc.assert(
      fc.property(damaged(frames.map(encodeFrames)), (data) => {
        typed(() => expect(encodeFrames(parseFrames(data))).toEqual(new Uint8Array(data)));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["nothing", "0x"],
    ["a version alone", "0x00"],
    ["another version", `0x01${"00".repeat(23)}`],
    ["a last byte of 2", `0x00${"00".repeat(22)}02`],
    ["a cut frame", `0x00${"00".repeat(22)}`],
    ["data of more than a million bytes", `0x00${"00".repeat(18)}000f424101`],
  ])("of %s are refused", (_, data) => {
    expect(() => parseFrames(hexToBytes(data))).toThrow(expect.objectContaining({ code: "MALFORMED_FRAME" }));
  });
});

describe("blobs", () => {
  test("give back what was put in, at every length that matters", () => {
    const lengths = [0, 1, 26, 27, 28, 122, 123, 124, 249, 250, 251, 5000, MAX_BLOB_DATA_SIZE - 1, MAX_BLOB_DATA_SIZE];
    for (const length of lengths) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 31 + 200) & 255);
      const blob = encodeBlob(data);
      for (let i = 0; i < blob.length; i += 32) expect((blob[i] as number) & 0xc0).toBe(0);
      expect(decodeBlob(blob)).toEqual(data);
    }
    expect(() => encodeBlob(new Uint8Array(MAX_BLOB_DATA_SIZE + 1))).toThrow(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
  });

  test("with random contents roundtrip", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (data) => {
        expect(decodeBlob(encodeBlob(data))).toEqual(data);
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    ["another size", (blob: Uint8Array) => blob.subarray(1)],
    ["another version", (blob: Uint8Array) => blob.with(1, 1)],
    ["a length beyond a blob", (blob: Uint8Array) => blob.with(2, 0xff)],
    ["data after its length", (blob: Uint8Array) => blob.with(4, 1)],
    ["data after its last round", (blob: Uint8Array) => blob.with(131_071, 1)],
    ["a field element too large", (blob: Uint8Array) => blob.with(32, 0x40)],
  ])("with %s are refused", (_, damage) => {
    const blob = encodeBlob(Uint8Array.of(1, 2, 3));
    expect(() => decodeBlob(damage(blob))).toThrow(expect.objectContaining({ code: "MALFORMED_BLOB" }));
  });
});

describe("bytes", () => {
  test("varints are those of Go, up to 64 bits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const writer = new ByteWriter(1);
        writer.uvarint(value);
        const read = new ByteReader(writer.finish()).uvarint();
        expect(BigInt(read)).toBe(value);
        expect(typeof read).toBe(value <= BigInt(Number.MAX_SAFE_INTEGER) ? "number" : "bigint");
      }),
    );
    expect(new ByteReader(hexToBytes("0x8100")).uvarint()).toBe(1);
    expect(() => new ByteReader(hexToBytes("0xffffffffffffffffff02")).uvarint()).toThrow(ProtocolError);
    expect(() => new ByteReader(hexToBytes(`0x${"80".repeat(11)}`)).uvarint()).toThrow(ProtocolError);
    expect(() => new ByteReader(hexToBytes("0x80")).uvarint()).toThrow(ProtocolError);
  });

  test("hex is strict", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (it) => {
        expect(hexToBytes(bytesToHex(it))).toEqual(it);
        expect(bytesToHex(it)).toBe(`0x${Buffer.from(it).toString("hex")}`);
      }),
    );
    for (const bad of ["", "0", "00", "0x0", "0xgg", "0x0g", "0xg0", "0x00ÿÿ", "0x\u010000"]) {
      expect(() => hexToBytes(bad), bad).toThrow(expect.objectContaining({ code: "MALFORMED_HEX" }));
    }
  });
});

describe("rollup.json", () => {
  test("is read back equal", () => {
    for (const config of [testConfig(), testConfig({ holocene: 10 })]) {
      expect(parseRollupConfig(serializeRollupConfig(config))).toEqual(config);
    }
  });

  const json = () => JSON.parse(serializeRollupConfig(testConfig({ holocene: 0 })));
  test.each([
    ["INVALID_ROLLUP_CONFIG", { block_time: 0 }],
    ["INVALID_ROLLUP_CONFIG", { seq_window_size: 1 }],
    ["INVALID_ROLLUP_CONFIG", { l2_chain_id: 900 }],
    ["INVALID_ROLLUP_CONFIG", { batch_inbox_address: "0x12" }],
    ["INVALID_ROLLUP_CONFIG", { genesis: null }],
    ["INVALID_ROLLUP_CONFIG", { alt_da: {} }],
    ["INVALID_ROLLUP_CONFIG", { granite_time: null }],
    ["UNSUPPORTED_SCHEDULE", { isthmus_time: 5 }],
    [
      "UNSUPPORTED_SCHEDULE",
      { ecotone_time: 2_000_000, fjord_time: 2_000_000, granite_time: 2_000_000, holocene_time: 2_000_000 },
    ],
  ])("is refused with %s for %o", (code, change) => {
    expect(() => parseRollupConfig({ ...json(), ...change })).toThrow(expect.objectContaining({ code }));
  });

  test("may leave out what Fjord and Granite fix", () => {
    const { max_sequencer_drift: _, channel_timeout: __, ...rest } = json();
    expect(parseRollupConfig(rest)).toMatchObject({ maxSequencerDrift: 0, channelTimeout: 0 });
  });
});
