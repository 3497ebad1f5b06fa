import { BLOCK, type Hex, SLICE } from "@altlayer/protocol";
import { expect, test } from "vitest";
import { agreesWithCount, type CountedCertificate, participationReport } from "../src/index.ts";
import { blockMessage, ExampleChain, named } from "./support/chain.ts";
import { digests, keccak256 } from "./support/vectors.ts";

const [a, b, c] = ["0a", "0b", "0c"].map((byte): Hex => `0x${byte.repeat(20)}`) as [Hex, Hex, Hex];
const BASE = { epoch: 0, l1Hash: named("l1"), height: 0, blockHash: named("genesis") };
const EPOCHS = { firstEpoch: 1, lastEpoch: 2 };

function certificate(epoch: number, signers: readonly Hex[], kind: typeof BLOCK | typeof SLICE = BLOCK) {
  const chain = new ExampleChain(BASE, { digests, keccak256 });
  const message = blockMessage(chain.add(["x"]), { ...BASE, epoch });
  return { message: { ...message, kind }, signers } satisfies CountedCertificate;
}

test("a block counts a point for each who signed it; slices, and blocks of other epochs, count none", () => {
  const report = participationReport(EPOCHS, [
    certificate(0, [a, b, c]),
    certificate(1, [b, a]),
    certificate(1, [a], SLICE),
    certificate(2, [a, c]),
    certificate(3, [b]),
  ]);
  expect(report).toEqual({ ...EPOCHS, operators: [a, b, c], points: [2n, 1n, 1n] });
  expect(participationReport(EPOCHS, [certificate(0, [a])])).toBeNull();
});

test.each<[string, readonly bigint[], readonly bigint[], boolean]>([
  ["the same count", [100n, 100n, 50n], [100n, 100n, 50n], true],
  ["the same shares of fewer blocks", [100n, 100n, 50n], [10n, 10n, 5n], true],
  ["a late signature more", [100n, 100n, 51n], [100n, 100n, 50n], true],
  ["one who is robbed of a tenth", [100n, 100n, 90n], [100n, 100n, 100n], false],
  ["one who is paid twice over", [200n, 100n, 100n], [100n, 100n, 100n], false],
  ["one who is left out", [100n, 100n, 0n], [100n, 100n, 100n], false],
])("%s: %#", (_, theirs, own, agrees) => {
  const reportOf = (points: readonly bigint[]) => ({
    ...EPOCHS,
    operators: [a, b, c].filter((_each, i) => points[i] !== 0n),
    points: points.filter((each) => each !== 0n),
  });
  expect(agreesWithCount(reportOf(theirs), reportOf(own))).toBe(agrees);
  expect(agreesWithCount(reportOf(own), reportOf(theirs))).toBe(agrees);
});
