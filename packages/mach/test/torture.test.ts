import { type Base, MachDigests } from "@altlayer/protocol";
import { expect, test } from "vitest";
import { blockMessage, type ExampleBlock, ExampleChain, named, sliceMessage } from "./support/chain.ts";
import { DOMAIN, keccak256 } from "./support/vectors.ts";
import { Evidence } from "./torture/evidence.ts";
import { torture } from "./torture/torture.ts";

/** A few; `npm run torture -- --operators` does 200. */
const KILLS = 6;

test("kill -9 of operator processes under an equivocating sequencer: no contradictory signature", async () => {
  const seed = Date.now() % 1_000_000;
  process.stdout.write(`torture seed ${seed}\n`);
  const report = await torture({ kills: KILLS, seed });
  expect(report.kills).toBe(KILLS);
  expect(report.signatures).toBeGreaterThan(10);
  expect(report.certifiedHeights).toBeGreaterThan(0);
}, 480_000);

test("the oracle convicts: of two blocks, of two prefixes, of a fork below", () => {
  const base: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
  const digests = new MachDigests(DOMAIN, { keccak256 });
  const left = new ExampleChain(base, { digests, keccak256 });
  for (let height = 1; height <= 3; height++) left.add(["l1", `a${height}`, "b"]);
  const right = left.fork(1);
  for (let height = 2; height <= 4; height++) right.add(["l1", `x${height}`, "b", "c"]);
  const evidence = new Evidence(digests);
  const at = (chain: ExampleChain, height: number) => chain.blocks[height - 1] as ExampleBlock;
  for (const chain of [left, right]) for (const block of chain.blocks) evidence.learn(block);
  const block = (chain: ExampleChain, height: number, of = base) => blockMessage(at(chain, height), of);
  expect(evidence.convicts(block(left, 2), block(right, 2))).toBe(true);
  expect(evidence.convicts(block(left, 2), block(right, 3))).toBe(true);
  expect(evidence.convicts(block(right, 4), block(left, 2))).toBe(true);
  expect(evidence.convicts(sliceMessage(at(left, 2), 2, base), sliceMessage(at(right, 2), 3, base))).toBe(true);
  expect(evidence.convicts(sliceMessage(at(left, 2), 2, base), block(right, 3))).toBe(true);
  // And does not convict who went on, or was released.
  expect(evidence.convicts(block(left, 1), block(right, 4))).toBe(false);
  expect(evidence.convicts(sliceMessage(at(right, 2), 2, base), block(right, 3))).toBe(false);
  const released = { epoch: 1, l1Hash: named("L1 103"), height: 2, blockHash: at(right, 2).core.blockHash };
  expect(evidence.convicts(block(left, 2), block(right, 3, released))).toBe(false);
});
