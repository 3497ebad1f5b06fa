import {
  BLOCK,
  type Core,
  type Hex,
  MachDigests,
  type Message,
  MountainRange,
  SLICE,
  ZERO_HASH,
} from "@altlayer/protocol";
import { proveContradiction } from "@altlayer/restaking";
import { keccak256, toHex } from "viem";
import { expect, test } from "vitest";
import { type ProvingChain, rangeProver } from "../src/runtime/evidence.ts";

const keccak = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const hash = (text: string): Hex => keccak256(toHex(text));
const digests = new MachDigests(
  { l1ChainId: 1, avs: `0x${"0a".repeat(20)}`, operatorSetId: 0, rollupId: hash("rollup") },
  { keccak256: keccak },
);
const HEIGHT = 10;
const HONEST = ["deposit", "a", "b", "c"].map(hash);
const OTHER = ["deposit", "a", "x"].map(hash);

function core(leaves: readonly Hex[], kind: typeof SLICE | typeof BLOCK): Core {
  const range = new MountainRange({ keccak256: keccak });
  for (const leaf of leaves) range.append(leaf);
  return {
    height: HEIGHT,
    timestamp: 1_700_000_000,
    parentHash: hash("parent"),
    originNumber: 3,
    originHash: hash("origin"),
    attributesHash: hash("attributes"),
    historyRoot: hash("history"),
    transactionCount: leaves.length,
    transactionRoot: range.root(),
    blockHash: kind === BLOCK ? hash("block") : ZERO_HASH,
    outputRoot: kind === BLOCK ? hash("output") : ZERO_HASH,
  };
}

function message(leaves: readonly Hex[], kind: typeof SLICE | typeof BLOCK = SLICE): Message {
  const base = { epoch: 0, l1Hash: hash("l1"), height: 1, blockHash: hash("base") };
  return { kind, core: core(leaves, kind), base };
}

/** A node that executed the honest block; before `sealed` it has none. */
function chainOf(state: { sealed: boolean; asked: number }): ProvingChain {
  const mine = core(HONEST, BLOCK);
  const roots = HONEST.map((_, i) => core(HONEST.slice(0, i + 1), SLICE).transactionRoot);
  return {
    floor: { height: HEIGHT - 1 },
    history: { proof: async () => null },
    agrees: ({ transactionRoot }) => state.sealed && roots.includes(transactionRoot),
    executedAt: (height) => (state.sealed && height === HEIGHT ? { core: mine } : undefined),
    transactionLeaves: async (blockHash) => {
      state.asked++;
      if (state.sealed && blockHash === mine.blockHash) return HONEST;
      throw Object.assign(new Error("unknown"), { code: "MACH_UNKNOWN_BLOCK" });
    },
  };
}

test.each([
  ["a longer slice", message(HONEST)],
  ["the block", message(HONEST, BLOCK)],
])("a slice that is no prefix of %s is proven by the node's own block, even if that comes later", async (_, long) => {
  const state = { sealed: false, asked: 0 };
  const prover = rangeProver([chainOf(state)], 10);
  const proving = proveContradiction(message(OTHER), long, { digests, prover });
  await new Promise((resolve) => setTimeout(resolve, 30));
  state.sealed = true;
  // `proveContradiction` gives a proof only after it has checked it as the contract does.
  expect(await proving).toMatchObject({ form: "PREFIX" });
});

test("prefixes are no contradiction, and cost no look at the transactions", async () => {
  const state = { sealed: true, asked: 0 };
  const context = { digests, prover: rangeProver([chainOf(state)], 10) };
  for (const long of [message(HONEST), message(HONEST, BLOCK)]) {
    expect(await proveContradiction(message(HONEST.slice(0, 2)), long, context)).toBeNull();
  }
  expect(state.asked).toBe(0);
});

test("what the node does not have it proves not, and waits no longer than it should", async () => {
  const state = { sealed: false, asked: 0 };
  const context = { digests, prover: rangeProver([chainOf(state)], 1) };
  expect(await proveContradiction(message(OTHER), message(HONEST, BLOCK), context)).toBeUndefined();
  expect(state.asked).toBe(20);
});
