import { mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type InclusionProof,
  inclusionRanges,
  MountainRange,
  type RangePeaks,
  rootOfInclusion,
} from "@altlayer/protocol";
import { type Hex, keccak256, toHex } from "viem";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger as log } from "../src/log.ts";
import { SettledHistory } from "../src/mach/settled-history.ts";

const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const leafOf = (index: number): Hex => keccak256(toHex(`leaf ${index}`));
const nameOf = (height: number) => ({ height, hash: keccak256(toHex(`block ${height}`)) });
/** The base of epoch 0: leaf 0 is the block above it. */
const FIRST = nameOf(7);
const SIZE = 300;
const START_BLOCK = 5;

let directory: string;
let oldest = FIRST.height;
let histories: SettledHistory[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "altlayer-history-"));
  oldest = FIRST.height;
});
afterEach(async () => {
  await Promise.all(histories.map((history) => history.close()));
  histories = [];
  await rm(directory, { recursive: true });
});

async function openHistory(startBlock = START_BLOCK): Promise<SettledHistory> {
  const hashAt = async (height: number) => (height >= oldest ? nameOf(height).hash : null);
  const history = await SettledHistory.open({ directory, startBlock }, { hashAt, keccak256: keccakBytes, log });
  histories.push(history);
  return history;
}

/** Blocks up to so many leaves, in batches, as bases settle them. */
async function grow(history: SettledHistory, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 37) {
    const end = Math.min(to, at + 37);
    const leaves = Array.from({ length: end - at }, (_, i) => leafOf(at + i));
    history.append(leaves, nameOf(FIRST.height + end));
    await history.save();
  }
}

function rangeOf(size: number): MountainRange {
  const range = new MountainRange({ keccak256: keccakBytes });
  for (let i = 0; i < size; i++) range.append(leafOf(i));
  return range;
}

async function prove(
  history: SettledHistory,
  index: number,
  size: number,
  above = { size: history.size, leaves: [] as Hex[] },
): Promise<InclusionProof> {
  const path: Hex[] = [];
  let directions = 0n;
  for (const { from, to, left } of inclusionRanges(index, size)) {
    if (left) directions |= 1n << BigInt(path.length);
    path.push(await history.rangeRoot(from, to, above));
  }
  return { path, directions };
}

function peaksOf(range: MountainRange, size: number): RangePeaks {
  const peaks: Hex[] = [];
  for (let from = 0, level = 2 ** 20; level >= 1; level /= 2) {
    if (Math.floor(size / level) % 2 === 0) continue;
    const part = new MountainRange({ keccak256: keccakBytes });
    for (let i = from; i < from + level; i++) part.append(range.leaf(i));
    peaks.push(part.root());
    from += level;
  }
  return { size, peaks };
}

it("proves every block under every later root, from disk and from what is not settled yet", async () => {
  const range = rangeOf(SIZE);
  const history = await openHistory();
  expect(await history.resume({ isDamaged: false })).toBeNull();
  await history.begin(FIRST);
  const settled = 201;
  await grow(history, 0, settled);
  const above = { size: settled, leaves: Array.from({ length: SIZE - settled }, (_, i) => leafOf(settled + i)) };
  for (const size of [1, 2, 3, 64, 127, 128, 200, 201, 202, 255, 256, 257, SIZE]) {
    expect(await history.rangeRoot(0, size, above)).toBe(range.root(size));
    for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((i) => i >= 0 && i < size))) {
      expect(await prove(history, index, size, above)).toEqual(range.inclusion(index, size));
    }
  }
  // Two nodes a block, less a peak or two.
  expect((await stat(join(directory, "mach-history.tree"))).size).toBeLessThanOrEqual(64 * settled);
});

it("goes on after a restart, and after a crash between the nodes and the record that counts them", async () => {
  const range = rangeOf(SIZE);
  const before = await openHistory();
  await before.begin(FIRST);
  await grow(before, 0, 100);
  const record = await readFile(join(directory, "mach-history"));
  await grow(before, 100, 150);
  await writeFile(join(directory, "mach-history"), record);

  const after = await openHistory();
  const end = await after.resume({ isDamaged: false });
  expect(end).toMatchObject({ ...nameOf(FIRST.height + 100), history: peaksOf(range, 100) });
  await grow(after, 100, SIZE);
  expect(await prove(after, 17, SIZE)).toEqual(range.inclusion(17, SIZE));
  expect(await prove(after, 140, SIZE)).toEqual(range.inclusion(140, SIZE));
});

it("is made again where its nodes are damaged, and is nobody else's", async () => {
  const history = await openHistory();
  await history.begin(FIRST);
  await grow(history, 0, 128);
  // The only peak of 128 leaves is the last node.
  const file = await open(join(directory, "mach-history.tree"), "r+");
  await file.write(Buffer.alloc(32, 1), 0, 32, (2 * 128 - 2) * 32);
  await file.close();
  const again = await openHistory();
  expect(await again.resume({ isDamaged: false })).toMatchObject({ ...FIRST, history: { size: 0 } });
  await grow(again, 0, 128);
  expect(await prove(again, 3, 128)).toEqual(rangeOf(128).inclusion(3, 128));

  // Damage below the peaks shows when a proof does not lead to the root; whoever sees it says so.
  expect(await (await openHistory()).resume({ isDamaged: false })).toMatchObject(nameOf(FIRST.height + 128));
  expect(await (await openHistory()).resume({ isDamaged: true })).toMatchObject(FIRST);
  expect(await (await openHistory(START_BLOCK + 1)).resume({ isDamaged: false })).toBeNull();
});

it("goes on from peaks alone where the blocks below are not here: later blocks have proofs", async () => {
  const range = rangeOf(SIZE);
  const known = 171;
  const history = await openHistory();
  const last = nameOf(FIRST.height + known);
  oldest = last.height;
  await history.adopt({ first: FIRST, last, peaks: [...peaksOf(range, known).peaks] });
  expect(history.unknown).toBe(known);
  await grow(history, known, SIZE);
  for (const index of [known, known + 1, 200, SIZE - 1]) {
    for (const size of [index + 1, 250, SIZE].filter((each) => each > index)) {
      expect(await prove(history, index, size)).toEqual(range.inclusion(index, size));
    }
  }
  const lost = rootOfInclusion(leafOf(5), await prove(history, 5, SIZE), keccakBytes);
  expect(lost).not.toBe(range.root());

  // Damaged, there is nothing to make it from: the newest peaks are what is left.
  await writeFile(join(directory, "mach-history.tree"), Buffer.alloc(64));
  const again = await openHistory();
  expect(await again.resume({ isDamaged: false })).toMatchObject(nameOf(FIRST.height + SIZE));
  expect(again.unknown).toBe(SIZE);
});
