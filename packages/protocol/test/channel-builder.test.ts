import { describe, expect, test } from "vitest";
import { compress } from "../compression/node.ts";
import {
  bytesToHex,
  ChannelBuilder,
  type ChannelOptions,
  compressionRatio,
  encodeBlob,
  encodeFrames,
  type Hex,
  MAX_BLOB_FRAME_SIZE,
  type RollupConfig,
} from "../src/index.ts";
import { chain, expectSame } from "./support/chains.ts";
import { calldata, Driver, keccak256, SimulatedL2, testConfig } from "./support/simulation.ts";

const config = testConfig({ holocene: 0 });

function builder(options: Partial<ChannelOptions> = {}, of: RollupConfig = config): ChannelBuilder {
  const defaults: ChannelOptions = {
    channelId: `0x${"c1".repeat(16)}`,
    batchKind: "span",
    algorithm: "brotli",
    maxFrameSize: 500,
    targetFrames: 4,
    expectedRatio: 0.9,
    openedAtL1: 10,
    maxL1Blocks: 5,
    maxContentBytes: 1_000_000,
  };
  return new ChannelBuilder({ ...defaults, ...options }, { config: of });
}

describe.each(["singular", "span"] as const)("a channel of %s batches", (batchKind) => {
  test("carries all its blocks to the deriving side", () => {
    const { l1, l2 } = chain(config, 6);
    let next = 0;
    let count = 0;
    while (next < l2.blocks.length) {
      const channelId: Hex = `0x${(++count).toString(16).padStart(32, "0")}`;
      const channel = builder({ channelId, batchKind });
      while (next < l2.blocks.length && channel.closeReason(10) === null && channel.add(at(l2, next).payload)) next++;
      expect(channel.blocks.length).toBeGreaterThan(0);
      expect(channel.blocks.at(-1)).toEqual(at(l2, next - 1).ref);
      const content = channel.content();
      expect(content.length).toBeLessThanOrEqual(channel.estimate.contentBytes);
      const frames = channel.seal(compress("brotli", content));
      for (const frame of frames) {
        const data = encodeFrames([frame]);
        expect(data.length).toBeLessThanOrEqual(501);
        l1.mine({ transactions: [calldata(data)] });
      }
    }
    expect(count).toBeGreaterThan(1);
    const driver = new Driver(config, l1);
    driver.run();
    expectSame(driver, l2);
  });

  test("of whole blobs fits them", () => {
    const { l1, l2 } = chain(config, 2);
    const big = new SimulatedL2(config, l1);
    for (const it of l2.blocks) {
      const transactions = [
        randomBytesTransaction(100_000, it.ref.number),
        randomBytesTransaction(70_000, -it.ref.number),
      ];
      big.build({ origin: it.batch.epochNumber, transactions });
    }
    const channel = builder({ batchKind, maxFrameSize: MAX_BLOB_FRAME_SIZE, targetFrames: 3, expectedRatio: 1 });
    let taken = 0;
    while (channel.closeReason(10) === null && channel.add(at(big, taken).payload)) taken++;
    expect(taken).toBe(2);
    const frames = channel.seal(compress("brotli", channel.content(), 1));
    expect(frames.length).toBe(3);
    for (const frame of frames) encodeBlob(encodeFrames([frame]));
    l1.mine({ transactions: [l1.blobTransaction(frames.map((frame) => encodeFrames([frame])))] });
    const driver = new Driver(config, l1);
    driver.run();
    expectSame(driver, big, 2);
  });
});

describe("a channel is closed", () => {
  test("when the expected size is reached, and refuses the block that exceeds it", () => {
    const { l2 } = chain(config, 3);
    const channel = builder({ maxFrameSize: 300, targetFrames: 1, expectedRatio: 1 });
    expect(channel.add(at(l2, 0).payload)).toBe(true);
    expect(channel.closeReason(10)).toBeNull();
    expect(channel.add(at(l2, 1).payload)).toBe(false);
    expect(channel.closeReason(10)).toBe("full");
    expect(channel.blocks).toHaveLength(1);
  });

  test("after its duration, if there is anything in it", () => {
    const { l2 } = chain(config, 3);
    const channel = builder();
    expect(channel.closeReason(99)).toBeNull();
    channel.add(at(l2, 0).payload);
    expect(channel.closeReason(14)).toBeNull();
    expect(channel.closeReason(15)).toBe("duration");
  });
});

describe("a channel refuses", () => {
  test("blocks that do not follow each other", () => {
    const { l2 } = chain(config, 3);
    const channel = builder();
    channel.add(at(l2, 0).payload);
    expect(() => channel.add(at(l2, 2).payload)).toThrow(expect.objectContaining({ code: "PIPELINE_MISUSE" }));
  });

  test("a block that no channel can hold", () => {
    const { l2 } = chain(config, 3);
    const channel = builder({ maxContentBytes: 50 });
    expect(() => channel.add(at(l2, 0).payload)).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });

  test("frames without room for data", () => {
    expect(() => builder({ maxFrameSize: 23 })).toThrow(expect.objectContaining({ code: "PIPELINE_MISUSE" }));
  });
});

test("the ratio to expect is bounded", () => {
  expect(compressionRatio(1000, 400)).toBe(0.4);
  expect(compressionRatio(1000, 1400)).toBe(1);
  expect(compressionRatio(1000, 1)).toBe(0.05);
  expect(compressionRatio(0, 1)).toBe(0.5);
});

function at(l2: SimulatedL2, index: number) {
  return l2.blocks[index] as (typeof l2.blocks)[number];
}

/** A legacy transaction with that much incompressible call data. */
function randomBytesTransaction(size: number, salt: number): Uint8Array {
  const data = new Uint8Array(size);
  let seed = keccak256(Uint8Array.of(salt & 255));
  for (let i = 0; i < size; i += 32) {
    seed = keccak256(seed);
    data.set(seed.subarray(0, Math.min(32, size - i)), i);
  }
  const tail = `1ba0${"11".repeat(32)}a0${"22".repeat(32)}`;
  const body = `800182520894${"aa".repeat(20)}80ba${size.toString(16).padStart(6, "0")}${bytesToHex(data).slice(2)}${tail}`;
  return Uint8Array.from(Buffer.from(`fa${(body.length / 2).toString(16).padStart(6, "0")}${body}`, "hex"));
}
