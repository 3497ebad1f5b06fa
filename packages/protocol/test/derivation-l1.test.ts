import { describe, expect, test } from "vitest";
import { type Batch, type Hex, isPipelineStart, type L1Block } from "../src/index.ts";
import { block, chain, configReceipt, depositReceipt, expectSame, singular, span } from "./support/chains.ts";
import {
  batcherTransaction,
  channelFrames,
  Driver,
  genesisRef,
  hash,
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
