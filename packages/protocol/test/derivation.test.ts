import { describe, expect, test } from "vitest";
import { decompress } from "../compression/node.ts";
import {
  type Batch,
  DerivationPipeline,
  encodeFrames,
  type Frame,
  type Hex,
  isPipelineStart,
  type L1Block,
} from "../src/index.ts";
import { block, chain, configReceipt, depositReceipt, expectSame, singular, span } from "./support/chains.ts";
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

  describe("the L1's own words", () => {
    test("deposits stand in the first block of their epoch", () => {
      const { l1, l2 } = chain(config, 3, { 2: [depositReceipt(0, 1), depositReceipt(3, 2)] });
      l1.mine({ transactions: [batcherTransaction(frames(singular(l2)))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
      const first = driver.derived.find((derived) => derived.l1Origin.number === 2 && derived.sequenceNumber === 0);
      expect(first?.attributes.transactions.filter((raw) => raw.startsWith("0x7e"))).toHaveLength(3);
    });

    test("a new gas limit holds from the epoch that announces it", () => {
      const { l1, l2 } = chain(config, 3, { 2: [configReceipt(2, 60_000_000n)] });
      l1.mine({ transactions: [batcherTransaction(frames([span(config, l2)]))] });
      const driver = new Driver(config, l1);
      driver.run();
      expectSame(driver, l2);
      for (const { attributes, l1Origin } of driver.derived) {
        expect(attributes.gasLimit).toBe(l1Origin.number < 2 ? 30_000_000 : 60_000_000);
      }
      // Known from its own attributes: no block had to be looked up.
      expect(driver.needs.l2Blocks).toBe(0);
    });

    test("a new batcher counts from the L1 block that announces it", () => {
      const { l1, l2 } = chain(config, 2);
      const good = batcherTransaction(frames(singular(l2)), STRANGER);
      l1.mine({ transactions: [good] });
      const old = new Driver(config, l1);
      expect(old.run()).toBe(0);
      l1.mine({ transactions: [good], receipts: [configReceipt(0, BigInt(STRANGER))] });
      expect(old.run()).toBe(l2.blocks.length);
      expectSame(old, l2);
    });

    test("a malformed deposit stops derivation", () => {
      const receipt = depositReceipt();
      const bad = { success: true, logs: receipt.logs.map((log) => ({ ...log, data: "0x12" as Hex })) };
      const l1 = new SimulatedL1();
      l1.mine({ receipts: [bad] });
      const driver = new Driver({ ...config, seqWindowSize: 2 }, l1);
      l1.mineTo(6);
      expect(() => driver.run()).toThrow(
        expect.objectContaining({ code: "MALFORMED_DEPOSIT_LOG", severity: "critical" }),
      );
    });

    test("an L1 block that does not continue the last is a reorg", () => {
      const { l1 } = chain(config, 3);
      const driver = new Driver(config, l1);
      driver.run();
      l1.branch = "other";
      const forked = { ...l1.mine(), parentHash: hash("elsewhere") };
      expect(driver.pipeline.step(driver.safeHead)).toMatchObject({ kind: "needL1Block", number: 4 });
      expect(() => driver.pipeline.provideL1Block(forked)).toThrow(
        expect.objectContaining({ code: "L1_REORG", severity: "reset" }),
      );
    });

    test("a safe head from another L1 chain is a reason to reset", () => {
      const { l1, l2 } = chain(config, 3);
      l1.mine({ transactions: [batcherTransaction(frames(singular(l2)))] });
      const foreign = { ...genesisRef(config), l1Origin: { hash: hash("foreign"), number: 0 } };
      const driver = new Driver(config, l1, {
        safeHead: foreign,
        origin: block(l1, 0),
        systemConfig: config.genesis.systemConfig,
      });
      expect(() => driver.run()).toThrow(expect.objectContaining({ severity: "reset" }));
    });
  });

  describe("an invalid payload", () => {
    test(
      strict ? "leaves its deposits, and takes the rest of the channel with it" : "takes its span batch back",
      () => {
        const { l1, l2 } = chain(config, 3);
        l1.mine({ transactions: [batcherTransaction(frames([span(config, l2)]))] });
        const driver = new Driver(config, l1);
        let calls = 0;
        driver.invalid = ({ depositsOnly }) => !depositsOnly && ++calls === 4;
        driver.run();
        if (strict) {
          expect(driver.derived.length).toBe(4);
          expect(driver.derived[3]).toMatchObject({ depositsOnly: true, concluding: true });
          expect(driver.derived[3]?.attributes.transactions).toHaveLength(1);
        } else {
          // Three were processed, none of them is safe.
          expect(driver.derived.length).toBe(3);
          expect(driver.safeHead).toEqual(genesisRef(config));
        }
        // A new channel continues from where the safe head is.
        const next = new SimulatedL2(config, l1);
        if (strict) {
          for (const { l1Origin, depositsOnly } of driver.derived) {
            next.build({ origin: l1Origin.number, ...(depositsOnly ? { transactions: [] } : {}) });
          }
        }
        const from = next.blocks.length;
        next.buildTo(4);
        driver.derived.length = 0;
        l1.mine({ transactions: [batcherTransaction(frames([span(config, next, from)]))] });
        driver.run();
        expect(driver.derived.map((derived) => derived.attributes)).toEqual(
          next.blocks.slice(from).map((it) => it.attributes),
        );
      },
    );

    test("of deposits alone stops derivation", () => {
      const l1 = new SimulatedL1();
      l1.mineTo(6);
      const driver = new Driver({ ...config, seqWindowSize: 2 }, l1);
      driver.invalid = () => true;
      expect(() => driver.run()).toThrow(expect.objectContaining({ code: "DEPOSITS_REJECTED", severity: "critical" }));
    });
  });

  describe("started again at any safe head", () => {
    test("the pipeline derives the rest the same", () => {
      const { l1, l2 } = chain(config, 12, { 5: [configReceipt(2, 50_000_000n)], 7: [depositReceipt()] });
      const total = l2.blocks.length;
      const cuts = [0, 13, 14, 40, total];
      for (let i = 0; i + 1 < cuts.length; i++) {
        const batches = [span(config, l2, cuts[i], cuts[i + 1])];
        for (const frame of frames(batches, 120)) l1.mine({ transactions: [batcherTransaction([frame])] });
      }
      const whole = new Driver(config, l1);
      whole.run();
      expectSame(whole, l2);
      let needed = 0;
      for (let number = 0; number < total; number += 5) {
        const safeHead = number === 0 ? genesisRef(config) : (l2.blocks[number - 1]?.ref as typeof l2.head);
        const start = startOf(config, l1.blocks, l2, safeHead);
        const driver = new Driver(config, l1, { safeHead, ...start });
        for (const [i, { payload }] of l2.blocks.entries()) driver.payloads.set(i + 1, payload);
        driver.run();
        expect(driver.derived.map((derived) => derived.attributes)).toEqual(
          l2.blocks.slice(number).map((it) => it.attributes),
        );
        needed += driver.needs.l2Blocks;
      }
      expect(needed).toBeGreaterThan(0);
    });
  });
});

/** Walks back as a driver does. */
function startOf(
  config: (typeof FORKS)[number]["config"],
  l1: readonly L1Block[],
  l2: SimulatedL2,
  safeHead: ReturnType<typeof genesisRef>,
) {
  let number = safeHead.number;
  for (;;) {
    const candidate = number === 0 ? genesisRef(config) : (l2.blocks[number - 1]?.ref as typeof safeHead);
    const candidateOrigin = l1[candidate.l1Origin.number] as L1Block;
    if (isPipelineStart(config, { candidate, candidateOrigin, safeHead })) {
      const systemConfig = l2.blocks[number - 1]?.systemConfig ?? config.genesis.systemConfig;
      return { origin: candidateOrigin, systemConfig };
    }
    number--;
  }
}

test("a pipeline that was not told where to start refuses to work", () => {
  const pipeline = new DerivationPipeline({ config: testConfig() }, { keccak256, decompress });
  expect(() => pipeline.step(genesisRef(testConfig()))).toThrow(expect.objectContaining({ code: "PIPELINE_MISUSE" }));
});
