import { describe, expect, test } from "vitest";
import { makeSpanBatch } from "../src/index.ts";
import {
  batcherTransaction,
  channelFrames,
  Driver,
  SimulatedL1,
  SimulatedL2,
  testConfig,
} from "./support/simulation.ts";

const CHAINS = [
  { fork: "Granite", config: testConfig() },
  { fork: "Holocene", config: testConfig({ holocene: 0 }) },
] as const;

function chain(config: ReturnType<typeof testConfig>, origins: number) {
  const l1 = new SimulatedL1();
  l1.mineTo(origins);
  const l2 = new SimulatedL2(config, l1);
  l2.buildTo(origins);
  return { l1, l2 };
}

function span(config: ReturnType<typeof testConfig>, l2: SimulatedL2, from = 0, to = l2.blocks.length) {
  const part = l2.blocks.slice(from, to);
  const spanChain = { l2ChainId: config.l2ChainId, genesisTime: config.genesis.l2Time, blockTime: config.blockTime };
  return makeSpanBatch(
    part.map((block) => block.batch),
    part[0]?.ref.sequenceNumber === 0,
    spanChain,
  );
}

describe.each(CHAINS)("$fork: the derived chain is the sequencer's", ({ config }) => {
  test.each(["singular", "span"] as const)("from %s batches in one channel", (kind) => {
    const { l1, l2 } = chain(config, 3);
    const batches = kind === "singular" ? l2.blocks.map((block) => block.batch) : [span(config, l2)];
    l1.mine({ transactions: [batcherTransaction(channelFrames(config, batches))] });
    const driver = new Driver(config, l1);
    expect(driver.run()).toBe(l2.blocks.length);
    expect(driver.derived.map((derived) => derived.attributes)).toEqual(l2.blocks.map((block) => block.attributes));
    expect(driver.safeHead).toEqual(l2.head);
  });
});
