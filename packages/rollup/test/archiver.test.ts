import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kzg } from "@altlayer/engine";
import { numberToHex } from "viem";
import { afterEach, describe, expect, it } from "vitest";
import { Archiver } from "../src/beacon/archiver.ts";
import { BlobArchive } from "../src/beacon/blob-archive.ts";
import { SystemClock } from "../src/clock.ts";
import type { L1Reader } from "../src/l1/l1-client.ts";
import type { L1Header } from "../src/l1/schemas.ts";
import { silentLogger } from "../src/log.ts";

type Hex = `0x${string}`;

const REORG_BLOCKS = 8;
const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

/** An L1 of blocks that say which branch made them; heights with blobs are named. */
class Chain {
  blocks: L1Header[] = [];
  asked = 0;
  /** The L1 does not answer for a height. */
  silentAt: number | null = null;
  onAsked = (_number: number): void => {};

  grow(branch: number, { from, to, blobsAt }: { from: number; to: number; blobsAt?: number }): void {
    this.blocks = this.blocks.slice(0, from);
    for (let number = from; number <= to; number++) {
      const parentHash = this.blocks[number - 1]?.hash ?? hashOf(0, 0);
      const blobGasUsed = number === blobsAt ? 131_072n : 0n;
      this.blocks.push({
        number,
        hash: hashOf(branch, number),
        parentHash,
        timestamp: number,
        blobGasUsed,
      } as L1Header);
    }
  }

  readonly reader = {
    headerByTag: async () => this.blocks.at(-1) ?? null,
    headerByNumber: async (number: number) => {
      this.asked++;
      this.onAsked(number);
      return number === this.silentAt ? null : (this.blocks[number] ?? null);
    },
    transactions: async () => [],
  } as unknown as L1Reader;
}

const hashOf = (branch: number, number: number): Hex => numberToHex((branch + 1) * 1_000_000 + number, { size: 32 });

async function follow(chain: Chain) {
  const directory = await mkdtemp(join(tmpdir(), "altlayer-archiver-"));
  directories.push(directory);
  const archive = new BlobArchive({ directory });
  await archive.open();
  const blobs = { blobs: async () => [] };
  const options = { pollMs: 1_000, startBlock: 0, reorgBlocks: REORG_BLOCKS };
  const dependencies = { l1: chain.reader, blobs, archive, kzg, clock: new SystemClock(), log: silentLogger };
  const archiver = new Archiver(options, dependencies);
  const hashes = () => archive.blocks(() => true).map(({ hash }) => hash);
  return { archiver, hashes };
}

describe("the archive's way along the L1", () => {
  it("asks for each new block once, and for none while the head stands", async () => {
    const chain = new Chain();
    chain.grow(0, { from: 0, to: 20, blobsAt: 5 });
    const { archiver, hashes } = await follow(chain);
    await archiver.catchUp();
    expect(hashes()).toEqual([hashOf(0, 5)]);
    chain.asked = 0;
    await archiver.catchUp();
    expect(chain.asked).toBe(0);
    chain.grow(0, { from: 21, to: 21 });
    await archiver.catchUp();
    expect(chain.asked).toBe(0);
    chain.grow(0, { from: 22, to: 25, blobsAt: 24 });
    await archiver.catchUp();
    // The first tells that what was seen still stands.
    expect(chain.asked).toBe(4);
    expect(hashes()).toEqual([hashOf(0, 5), hashOf(0, 24)]);
  });

  it.each([
    ["as high", 20],
    ["lower", 18],
    ["higher", 23],
  ])("looks at another branch's blocks where it is %s than the one before", async (_, to) => {
    const chain = new Chain();
    chain.grow(0, { from: 0, to: 20, blobsAt: 16 });
    const { archiver, hashes } = await follow(chain);
    await archiver.catchUp();
    chain.grow(1, { from: 15, to, blobsAt: 17 });
    await archiver.catchUp();
    expect(hashes()).toEqual([hashOf(0, 16), hashOf(1, 17)]);
  });

  it("is not led from one branch to another while it looks", async () => {
    const chain = new Chain();
    chain.grow(0, { from: 0, to: 20 });
    const { archiver, hashes } = await follow(chain);
    chain.onAsked = (number) => {
      if (number === 18) chain.grow(1, { from: 15, to: 20, blobsAt: 17 });
    };
    await archiver.catchUp();
    expect(hashes()).toEqual([hashOf(1, 17)]);
  });

  it("takes a branch for seen only as far as it came", async () => {
    const chain = new Chain();
    chain.grow(0, { from: 0, to: 20 });
    const { archiver, hashes } = await follow(chain);
    await archiver.catchUp();
    chain.grow(1, { from: 15, to: 22, blobsAt: 18 });
    chain.silentAt = 17;
    await archiver.catchUp();
    chain.silentAt = null;
    expect(hashes()).toEqual([]);
    await archiver.catchUp();
    expect(hashes()).toEqual([hashOf(1, 18)]);
  });

  it("does not mind a genesis that block 1 does not stand on, as anvil names one after a restart", async () => {
    const chain = new Chain();
    chain.grow(0, { from: 0, to: 6, blobsAt: 5 });
    chain.blocks[0] = { ...(chain.blocks[0] as L1Header), hash: hashOf(7, 0) };
    const { archiver, hashes } = await follow(chain);
    await archiver.catchUp();
    expect(hashes()).toEqual([hashOf(0, 5)]);
  });

  it("ends where blocks do not stand on each other at a second look either, and goes on when they do", async () => {
    const chain = new Chain();
    chain.grow(0, { from: 0, to: 6, blobsAt: 5 });
    const right = chain.blocks[3] as L1Header;
    chain.blocks[3] = { ...right, hash: hashOf(7, 3) };
    const { archiver, hashes } = await follow(chain);
    await expect(archiver.catchUp()).rejects.toMatchObject({ code: "L1_LIED", data: { number: 4 } });
    chain.blocks[3] = right;
    await archiver.catchUp();
    expect(hashes()).toEqual([hashOf(0, 5)]);
  });
});
