import type { Base, Hex, Message } from "@altlayer/protocol";
import { expect, test } from "vitest";
import { AGGREGATOR_LIMITS } from "../src/index.ts";
import { Aggregation } from "../src/node/certificates/aggregation.ts";
import type { EpochTable } from "../src/node/table/epoch-table.ts";
import { blockMessage, type ExampleBlock, ExampleChain, named, sliceMessage } from "./support/chain.ts";
import { CONFIG, TABLE } from "./support/operator.ts";
import { digests, keccak256 } from "./support/vectors.ts";

const BASE_0: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
const chain = new ExampleChain(BASE_0, { digests, keccak256 });
const blocks = [1, 2].map(() => chain.add(["l1", "a", "b", "c"])) as [ExampleBlock, ExampleBlock];
const SIGNATURE: Hex = "0x01";

/** Checks of signatures end when the test says so. */
function slowAggregation() {
  const begun: { readonly digest: Hex; readonly end: () => void }[] = [];
  const table = {
    epoch: 0,
    wrongSigners: (digest: Uint8Array) =>
      new Promise<number[]>((resolve) => {
        begun.push({ digest: `0x${Buffer.from(digest).toString("hex")}`, end: () => resolve([]) });
      }),
    aggregateKeyOf: () => null,
  } as unknown as EpochTable;
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const aggregation = new Aggregation(
    { schedule: CONFIG.schedule },
    {
      digests,
      bn254: { sumG1: () => null } as never,
      table: () => table,
      log: silent,
      onCertificate: () => {},
      onValid: () => {},
      onReject: () => {},
    },
  );
  aggregation.input({ type: "table", table: TABLE });
  return { aggregation, begun };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("who cannot keep up checks the furthest first, and of what is certified more signers last", async () => {
  const { aggregation, begun } = slowAggregation();
  const quorum = (message: Message) => {
    for (const from of [0, 1, 2]) aggregation.share(from, message, SIGNATURE);
  };
  const [one, two] = blocks;
  const first = sliceMessage(one, 2, BASE_0);
  quorum(first);
  begun[0]?.end();
  await settled();
  // Certified: the late one of the first slice has time.
  aggregation.share(3, first, SIGNATURE);
  const order = [
    sliceMessage(one, 3, BASE_0),
    blockMessage(one, BASE_0),
    sliceMessage(two, 2, BASE_0),
    sliceMessage(two, 3, BASE_0),
  ];
  const [behind, block, before, newest] = order as [Message, Message, Message, Message];
  quorum(behind);
  quorum(block);
  for (let i = 0; i < AGGREGATOR_LIMITS.lateTicks; i++) aggregation.input({ type: "tick" });
  quorum(before);
  quorum(newest);
  // Two at a time.
  expect(begun).toHaveLength(3);
  for (let i = 1; i < 6; i++) {
    begun[i]?.end();
    await settled();
  }
  const expected = [first, behind, block, newest, before, first].map((message) => digests.message(message));
  expect(begun.map(({ digest }) => digest)).toEqual(expected);
});

test("what is settled while it waits is not checked any more", async () => {
  const { aggregation, begun } = slowAggregation();
  const [one, two] = blocks;
  for (const message of [
    sliceMessage(one, 2, BASE_0),
    sliceMessage(one, 3, BASE_0),
    blockMessage(one, BASE_0),
    blockMessage(two, BASE_0),
  ])
    for (const from of [0, 1, 2]) aggregation.share(from, message, SIGNATURE);
  aggregation.input({ type: "settled", height: one.core.height });
  for (let i = 0; i < begun.length; i++) {
    begun[i]?.end();
    await settled();
  }
  expect(begun.map(({ digest }) => digest).at(-1)).toBe(digests.message(blockMessage(two, BASE_0)));
  expect(begun).toHaveLength(3);
});
