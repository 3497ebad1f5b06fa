import { describe, expect, test } from "vitest";
import { decompress } from "../compression/node.ts";
import { type Batch, DerivationPipeline, encodeFrames, type Frame, type Hex } from "../src/index.ts";
import { block, chain, depositReceipt, expectSame, singular, span } from "./support/chains.ts";
import {
  BATCHER,
  batcherTransaction,
  calldata,
  channelFrames,
  Driver,
  genesisRef,
  hash,
  keccak256,
  SimulatedL1,
  SimulatedL2,
  testConfig,
} from "./support/simulation.ts";

const FORKS = [
  { fork: "Granite", strict: false, config: testConfig() },
  { fork: "Holocene", strict: true, config: testConfig({ holocene: 0 }) },
] as const;
const STRANGER: Hex = `0x${"99".repeat(20)}`;

describe.each(FORKS)("$fork", ({ config, strict }) => {
  const frames = (batches: readonly Batch[], frameData?: number) =>
    channelFrames(config, batches, frameData === undefined ? {} : { frameData });

  describe("the derived chain is the sequencer's", () => {
    test.each([
      ["singular", "zlib"],
      ["singular", "brotli"],
      ["span", "zlib"],
      ["span", "brotli"],
    ] as const)("from %s batches in one channel of %s", (kind, algorithm) => {
      const { l1, l2 } = chain(config, 3);
      const batches = kind === "singular" ? singular(l2) : [span(config, l2)];
      l1.mine({ transactions: [batcherTransaction(channelFrames(config, batches, { algorithm }))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
      const last = driver.derived.at(-1);
      expect(last).toMatchObject({ isLastInSpan: true, concluding: true, derivedFrom: { number: 4 } });
      if (kind === "span") expect(driver.derived[0]).toMatchObject({ isLastInSpan: false, concluding: strict });
    });

    test("from frames in several transactions and L1 blocks", () => {
      const { l1, l2 } = chain(config, 3);
      const parts = frames([span(config, l2)], 60);
      expect(parts.length).toBeGreaterThan(4);
      l1.mine({ transactions: [batcherTransaction(parts.slice(0, 2)), batcherTransaction(parts.slice(2, 3))] });
      l1.mine();
      l1.mine({ transactions: [batcherTransaction(parts.slice(3))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
    });

    test("from blobs, among those of others, and those that hold nothing of ours", () => {
      const { l1, l2 } = chain(config, 3);
      const parts = frames(singular(l2), 100);
      const others = l1.blobTransaction([Uint8Array.of(1), Uint8Array.of(2)], STRANGER);
      const halves = [encodeFrames(parts.slice(0, 1)), encodeFrames(parts.slice(1))];
      const ours = l1.blobTransaction([...halves.slice(0, 1), Uint8Array.of(9, 9), ...halves.slice(1)]);
      const broken = l1.blobTransaction([Uint8Array.of(7)]);
      (l1.blobs.get(broken.blobVersionedHashes[0] as Hex) as Uint8Array)[1] = 77;
      l1.mine({ transactions: [others, broken, { ...ours, input: "0xff" }] });
      const driver = new Driver(config, l1);
      let asked: readonly { index: number }[] = [];
      const { pipeline } = driver;
      const step = pipeline.step.bind(pipeline);
      pipeline.step = (parent) => {
        const next = step(parent);
        if (next.kind === "needBlobs") asked = next.blobs;
        return next;
      };
      driver.run();
      expectSame(driver, l2);
      // The index counts over all blobs of the block.
      expect(asked.map(({ index }) => index)).toEqual([2, 3, 4, 5]);
    });

    test("with attributes that are given again until their block is made", () => {
      const { l1, l2 } = chain(config, 2);
      l1.mine({ transactions: [batcherTransaction(frames([span(config, l2)]))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
      const again = new Driver(config, l1);
      const step = again.pipeline.step.bind(again.pipeline);
      again.pipeline.step = (parent) => {
        const first = step(parent);
        expect(step(parent)).toEqual(first);
        return first;
      };
      again.run();
      expectSame(again, l2);
    });

    test("as the L1 grows, whatever the pace of the driver", () => {
      const l1 = new SimulatedL1();
      const l2 = new SimulatedL2(config, l1);
      const driver = new Driver(config, l1);
      for (let epoch = 1; epoch <= 8; epoch++) {
        const from = l2.blocks.length;
        l1.mine();
        l2.buildTo(l1.head.number);
        l1.mine({
          transactions: [batcherTransaction(frames(epoch % 2 ? singular(l2, from) : [span(config, l2, from)]))],
        });
        if (epoch % 3 === 0) driver.run();
      }
      driver.run();
      expectSame(driver, l2);
    });
  });

  describe("garbage does no harm", () => {
    test("from others and from the batcher", () => {
      const { l1, l2 } = chain(config, 2);
      const good = frames(singular(l2));
      const wrong = frames([span(config, l2, 3)]);
      l1.mine({
        transactions: [
          batcherTransaction(wrong, STRANGER),
          calldata(encodeFrames(wrong), BATCHER, STRANGER),
          { ...batcherTransaction(wrong), type: 4 },
          { ...batcherTransaction(wrong), to: null },
          calldata(new Uint8Array(0)),
          calldata(Uint8Array.of(1, 2, 3)),
          calldata(Uint8Array.of(0)),
          calldata(encodeFrames(wrong).subarray(0, 30)),
        ],
      });
      l1.mine({ transactions: [batcherTransaction(good)] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
    });

    test.each([
      ["unknown compression", Uint8Array.of(3, 1, 2)],
      ["nothing in it", new Uint8Array(0)],
      ["corrupt zlib", Uint8Array.of(0x78, 0xda, 1, 2, 3)],
      ["corrupt Brotli", Uint8Array.of(1, 0xff, 0xff)],
    ])("in a channel with %s", (_, data) => {
      const { l1, l2 } = chain(config, 2);
      const bad: Frame = { channelId: `0x${"ee".repeat(16)}`, frameNumber: 0, data, isLast: true };
      l1.mine({ transactions: [batcherTransaction([bad]), batcherTransaction(frames(singular(l2)))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
    });

    test("in batches that name another parent, L1 chain or epoch", () => {
      const { l1, l2 } = chain(config, 2);
      const [first] = singular(l2) as [Batch & { kind: "singular" }];
      const bad: Batch[] = [
        { ...first, parentHash: hash("x") },
        { ...first, epochHash: hash("x") },
        { ...first, epochNumber: 9 },
        { ...first, transactions: [new Uint8Array(0)] },
        { ...first, transactions: [Uint8Array.of(0x7e, 1)] },
      ];
      for (const batch of bad) l1.mine({ transactions: [batcherTransaction(frames([batch]))] });
      l1.mine({ transactions: [batcherTransaction(frames(singular(l2)))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
    });
  });

  describe("frames out of order", () => {
    test(strict ? "are dropped" : "wait for each other", () => {
      const { l1, l2 } = chain(config, 2);
      const parts = frames(singular(l2), 80);
      l1.mine({ transactions: [...parts].reverse().map((frame) => batcherTransaction([frame])) });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2, strict ? 0 : l2.blocks.length);
    });

    test(`of interleaved channels ${strict ? "leave the one that is not interrupted" : "are told apart"}`, () => {
      const { l1, l2 } = chain(config, 2);
      const a = frames(singular(l2, 0, 4), 80);
      const b = frames(singular(l2, 0, 2), 80);
      const [a0, ...restA] = a as [Frame, ...Frame[]];
      l1.mine({ transactions: [batcherTransaction([a0, ...b, ...restA])] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2, strict ? 2 : 4);
    });

    test("that come twice count once", () => {
      const { l1, l2 } = chain(config, 2);
      const parts = frames(singular(l2), 80);
      const doubled = parts.flatMap((frame) => [frame, frame]);
      l1.mine({ transactions: [batcherTransaction(doubled.slice(0, -1))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
    });
  });

  describe("a channel", () => {
    test.each([
      [50, true],
      [51, false],
    ])("that takes %i L1 blocks from its first to its last frame is read: %s", (distance, read) => {
      const { l1, l2 } = chain(config, 2);
      const parts = frames(singular(l2), 100);
      const opened = l1.mine({ transactions: [batcherTransaction(parts.slice(0, 1))] }).number;
      l1.mineTo(opened + distance - 1);
      l1.mine({ transactions: [batcherTransaction(parts.slice(1))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2, read ? l2.blocks.length : 0);
    });

    test("that timed out may be sent again under another id", () => {
      const { l1, l2 } = chain(config, 2);
      const parts = frames(singular(l2), 100);
      l1.mine({ transactions: [batcherTransaction(parts.slice(0, 1))] });
      l1.mineTo(l1.head.number + 60);
      l1.mine({ transactions: [batcherTransaction(parts.slice(1)), batcherTransaction(frames(singular(l2), 100))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
    });
  });

  describe("when the sequencing window is over", () => {
    const short = { ...config, seqWindowSize: 10 };

    test("blocks are empty but for the deposits, and keep up with the L1's time", () => {
      const l1 = new SimulatedL1();
      while (l1.head.number < 30)
        l1.mine({ receipts: l1.head.number === 3 ? [depositReceipt(0), depositReceipt(1)] : [] });
      const driver = new Driver(short, l1);
      driver.run();
      // Epoch n expires at block n + 10; its last empty block is known once block n + 1 is there.
      expect(driver.safeHead.l1Origin.number).toBe(20);
      const seen = new Map<number, number>();
      for (const { attributes, l1Origin, sequenceNumber } of driver.derived) {
        const first = sequenceNumber === 0;
        expect(attributes.transactions.length).toBe(l1Origin.number === 4 && first ? 3 : 1);
        expect(attributes.timestamp).toBeGreaterThanOrEqual(block(l1, l1Origin.number).timestamp);
        seen.set(l1Origin.number, (seen.get(l1Origin.number) ?? 0) + 1);
      }
      for (let epoch = 1; epoch <= 20; epoch++) expect(seen.get(epoch)).toBe(6);
    });

    test("an epoch of no L2 time still has one block", () => {
      const l1 = new SimulatedL1();
      // Three L1 blocks within one L2 block time.
      for (let i = 0; i < 30; i++) l1.mine({ seconds: i < 6 ? 1 : 12 });
      const driver = new Driver(short, l1);
      driver.run();
      const origins = new Set(driver.derived.map((derived) => derived.l1Origin.number));
      for (let epoch = 1; epoch <= 20; epoch++) expect(origins.has(epoch)).toBe(true);
      for (const { attributes, l1Origin } of driver.derived) {
        expect(attributes.timestamp).toBeGreaterThanOrEqual(block(l1, l1Origin.number).timestamp);
      }
    });

    test("batches come too late, but from the next open epoch on they count again", () => {
      const l1 = new SimulatedL1();
      l1.mineTo(12);
      const l2 = new SimulatedL2(short, l1);
      l2.buildTo(3);
      l1.mine({ transactions: [batcherTransaction(frames(singular(l2)))] });
      const driver = new Driver(short, l1);
      driver.run();
      expect(driver.derived.every((derived) => derived.depositsOnly)).toBe(true);
      // Build on what was forced, and go on.
      const next = new SimulatedL2(short, l1);
      for (const derived of driver.derived) next.build({ origin: derived.l1Origin.number, transactions: [] });
      expect(next.head).toEqual(driver.safeHead);
      const forced = next.blocks.length;
      next.buildTo(9);
      l1.mine({ transactions: [batcherTransaction(frames(singular(next, forced)))] });
      driver.run();
      expect(driver.derived.map((derived) => derived.attributes)).toEqual(next.blocks.map((it) => it.attributes));
    });
  });
});

test("a pipeline that was not told where to start refuses to work", () => {
  const pipeline = new DerivationPipeline({ config: testConfig() }, { keccak256, decompress });
  expect(() => pipeline.step(genesisRef(testConfig()))).toThrow(expect.objectContaining({ code: "PIPELINE_MISUSE" }));
});
