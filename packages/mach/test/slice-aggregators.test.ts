import { type Base, bytesToHex, type Hex, hexToBytes } from "@altlayer/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sliceAggregators } from "../src/core/slice-aggregators.ts";
import type { MachService } from "../src/index.ts";
import type { Frame } from "../src/node/links/wire.ts";
import { Attacker } from "./support/attacker.ts";
import { type ExampleBlock, sliceMessage } from "./support/chain.ts";
import { Network, until } from "./support/network.ts";
import { executedBlock } from "./support/operator.ts";
import { keccak256 } from "./support/vectors.ts";

const SIXTEEN = Array.from({ length: 16 }, (_, index) => index);
const digestOf = (seed: number): Hex => bytesToHex(keccak256(hexToBytes(`0x${seed.toString(16).padStart(64, "0")}`)));

describe("the draw", () => {
  test("takes different operators of the table, and all where there are no more", () => {
    const indices = fc
      .uniqueArray(fc.nat(1023), { minLength: 1, maxLength: 40 })
      .map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(fc.nat(), indices, fc.integer({ min: 1, max: 8 }), (seed, table, count) => {
        const drawn = sliceAggregators(digestOf(seed), table, count);
        expect(new Set(drawn).size).toBe(Math.min(count, table.length));
        expect(drawn.every((index) => table.includes(index))).toBe(true);
        expect(sliceAggregators(digestOf(seed), table, count)).toEqual(drawn);
      }),
    );
  });

  test("is another one for the next slice: nobody is drawn, or first, much more often than others", () => {
    const slices = 4_000;
    const drawn = SIXTEEN.map(() => 0);
    const first = SIXTEEN.map(() => 0);
    for (let seed = 0; seed < slices; seed++) {
      const each = sliceAggregators(digestOf(seed), SIXTEEN, 4);
      for (const index of each) drawn[index] = (drawn[index] ?? 0) + 1;
      first[each[0] as number] = (first[each[0] as number] ?? 0) + 1;
    }
    // A quarter and a sixteenth of them, to four deviations.
    for (const count of drawn) expect(Math.abs(count - slices / 4)).toBeLessThan(110);
    for (const count of first) expect(Math.abs(count - slices / 16)).toBeLessThan(62);
  });

  test("is frozen", () => {
    const digest: Hex = `0x${"00000011".repeat(8)}`;
    // 17 mod 16, 17 mod 15, 17 mod 14, 17 mod 13, each of those that are left.
    expect(sliceAggregators(digest, SIXTEEN, 4)).toEqual([1, 3, 5, 7]);
  });
});

/** Four operators of equal weight; a slice's signatures go first to one of them. */
describe("operators", () => {
  let network: Network;
  let base: Base;
  let observer: MachService;
  /** Long after a slice has its certificate; what asks in vain at its start asks again by it, too. */
  const SLOWLY = { sliceAggregators: 1, tickMs: 50, resendMs: 15_000 };

  async function start(tuning: typeof SLOWLY): Promise<void> {
    network = await Network.start(4);
    for (const i of [0, 1, 2, 3]) await network.run(i, { more: { tuning } });
    observer = await network.run(null);
    await network.ready();
    base = await network.rollup.base(0, 0);
    const first = await network.rollup.block("first");
    await until("a certificate", () => observer.certificate({ blockHash: first.core.blockHash }));
  }

  /** The operator whom the slice's digest draws. */
  function drawnFor(block: ExampleBlock, count: number): number {
    const table = observer.table(0);
    if (table === null) throw new TypeError("no table yet");
    const digest = network.digests.message(sliceMessage(block, count, base));
    const [index] = sliceAggregators(digest, [...table.members.keys()], 1);
    const operator = table.members.get(index as number)?.operator;
    return [0, 1, 2, 3].find((i) => network.address(i) === operator) as number;
  }

  /** A block with a slice that this operator is to gather the signatures of, not told yet. */
  async function drawing(operator: number): Promise<{ block: ExampleBlock; count: number }> {
    const block = await network.rollup.add(Array.from({ length: 64 }, (_, i) => `tx ${i}`));
    for (let count = 2; count < 64; count++) if (drawnFor(block, count) === operator) return { block, count };
    throw new TypeError("62 slices draw the three others");
  }

  async function finish(block: ExampleBlock): Promise<void> {
    network.rollup.tell({ type: "executed", executed: executedBlock(block) });
    await until("the block's", () => observer.certificate({ blockHash: block.core.blockHash }));
  }

  describe("that repeat nothing", () => {
    beforeAll(() => start(SLOWLY), 120_000);
    afterAll(() => network.close());

    test("have one of them certify a slice, another one each time, and whoever makes none is sent every one", async () => {
      const services = [0, 1, 2, 3].map((i) => network.services.get(`operator ${i}`) as MachService);
      for (const operator of [0, 1, 2, 3, 2, 0]) {
        const { block, count } = await drawing(operator);
        network.rollup.slice(block, count);
        const { height } = block.core;
        // Also where the observer pruned that operator: of blocks it has had enough from another.
        await until("the slice's", () => observer.certificate({ height, transactionCount: count }));
        expect(services.map((service) => service.certificatesAt(height).length)).toEqual(
          services.map((_, i) => (i === operator ? 1 : 0)),
        );
        await finish(block);
        for (const service of services)
          await until("everybody's", () => service.certificate({ blockHash: block.core.blockHash }));
      }
    });
  });

  describe("after an aggregator's silence", () => {
    beforeAll(() => start({ ...SLOWLY, resendMs: 300 }), 120_000);
    afterAll(() => network.close());

    test("send to all what the one that was drawn keeps to itself", async () => {
      await network.stop("operator 3");
      const targets = [0, 1, 2].map((i) => network.services.get(`operator ${i}`) as MachService);
      const issuedAt = Math.floor(Date.now() / 1000) + 10;
      const censors = await Promise.all(
        targets.map((target) => Attacker.join(network, target, Attacker.speaker(network, 3, { issuedAt }))),
      );
      await until("its links are taken", () =>
        targets.every((target) => target.status().peers.some(({ operator }) => operator === network.address(3))),
      );
      const { block, count } = await drawing(3);
      network.rollup.slice(block, count);
      const { height } = block.core;
      const record = await until("a certificate", () => observer.certificate({ height, transactionCount: count }));
      expect(record.certificate.signers).toHaveLength(3);
      // It had all signatures, and could have.
      const isOfSlice = (frame: Frame) => frame.type === "share" && frame.share.message.core.transactionCount === count;
      for (const censor of censors) await until("it got one", () => censor.frames.some(isOfSlice));
      await finish(block);
      for (const censor of censors) await censor.close();
    });

    test("send to all what the one that was drawn is not there to take", async () => {
      const { block, count } = await drawing(3);
      network.rollup.slice(block, count);
      const { height } = block.core;
      await until("a certificate", () => observer.certificate({ height, transactionCount: count }));
      await finish(block);
    });
  });
});
