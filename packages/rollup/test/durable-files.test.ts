import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BlobArchive } from "../src/beacon/blob-archive.ts";
import { SafeHeadStore } from "../src/derivation/safe-head-store.ts";
import { type StoredTransaction, TransactionStore } from "../src/l1/transaction-store.ts";
import type { Logger } from "../src/log.ts";
import { silentLogger } from "../src/log.ts";
import { SnapshotConfirmation } from "../src/snapshot/confirmation.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "altlayer-durable-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const hashOf = (number: number) => `0x${number.toString(16).padStart(64, "0")}` as const;

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

describe("the transaction store", () => {
  const entry: StoredTransaction = {
    nonce: 7,
    label: "batch",
    blobs: false,
    attempts: [{ hash: hashOf(1), raw: "0x02f8", maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 1n }],
  };

  it("names the file when any of its bits has changed or its end is missing", async () => {
    const home = join(directory, "transactions");
    const store = new TransactionStore({ directory: home });
    await store.load();
    await store.save(entry);
    expect(await store.load()).toEqual([entry]);
    expect(await readdir(home)).toEqual(["7.json"]);
    const path = join(home, "7.json");
    const whole = await readFile(path);
    const broken = async (content: Uint8Array) => {
      await writeFile(path, content);
      await expect(store.load()).rejects.toMatchObject({ code: "TX_STORE_CORRUPT", data: { path } });
    };
    for (let bit = 0; bit < 8 * whole.length; bit += 5) await broken(flipped(whole, bit));
    for (let length = 0; length < whole.length; length += 3) await broken(whole.subarray(0, length));
    await writeFile(path, whole);
    expect(await store.load()).toEqual([entry]);
  });
});

describe("the safe head store", () => {
  const entries = [1, 2, 3, 4].map((number) => ({
    l1: { number, hash: hashOf(number) },
    l2: { number: 10 * number, hash: hashOf(100 + number) },
  }));

  it("keeps what stands before the damage, says what is gone, and goes on", async () => {
    const home = join(directory, "heads");
    const warnings: unknown[] = [];
    const log = { warn: (_: string, fields: unknown) => warnings.push(fields) } as unknown as Logger;
    const opened = async () => {
      const store = new SafeHeadStore({ directory: home, maxEntries: 100 }, { log });
      await store.open();
      return store;
    };
    const written = await opened();
    for (const entry of entries) await written.record(entry);
    await written.close();
    const path = join(home, "safe-heads.jsonl");
    const whole = await readFile(path);
    const lineAt = (byte: number) => whole.subarray(0, byte).filter((code) => code === 10).length;
    const after = async (content: Uint8Array) => {
      await writeFile(path, content);
      warnings.length = 0;
      const store = await opened();
      const found = [...store.entries];
      await store.close();
      return found;
    };
    expect(await after(whole)).toEqual(entries);
    expect(warnings).toEqual([]);
    for (let bit = 0; bit < 8 * whole.length; bit += 13) {
      const found = await after(flipped(whole, bit));
      // A newline that is none any more spoils two lines.
      expect(found, `bit ${bit}`).toEqual(entries.slice(0, lineAt(bit >> 3)));
      expect(warnings).toMatchObject([{ path, line: lineAt(bit >> 3) + 1 }]);
    }
    for (let length = 0; length < whole.length; length += 7) {
      expect(await after(whole.subarray(0, length))).toEqual(entries.slice(0, lineAt(length + 1)));
    }
    // Mended by the last opening: the next finds nothing wrong, and records go on.
    const store = await opened();
    await store.record(entries[3] as (typeof entries)[number]);
    await store.close();
    expect((await after(await readFile(path))).at(-1)).toEqual(entries[3]);
    expect(warnings).toEqual([]);
  });

  it("does not take an unreadable file for an empty one", async () => {
    const home = join(directory, "unreadable");
    await rm(home, { recursive: true, force: true });
    const store = new SafeHeadStore({ directory: home, maxEntries: 100 }, { log: {} as Logger });
    await store.open();
    await store.close();
    const path = join(home, "safe-heads.jsonl");
    await rm(path);
    // A directory in its place: readable names, no readable content.
    await mkdir(path);
    await expect(store.open()).rejects.toMatchObject({ code: "SAFE_HEAD_STORE", data: { path } });
  });
});

describe("the record of a snapshot's confirmation", () => {
  const record = { number: 7, hash: hashOf(7), outputRoot: hashOf(8), confirmedBy: null };

  it("is missed by nobody who began from genesis, and never passed over by who did not", async () => {
    const home = join(directory, "snapshot");
    await mkdir(home);
    const path = join(home, "snapshot.json");
    const open = () => SnapshotConfirmation.open(home, { log: silentLogger });
    expect(await open()).toBeNull();
    await writeFile(path, JSON.stringify(record));
    expect(await open()).toMatchObject({ number: 7, hash: hashOf(7), confirmedBy: null });
    const refused = { code: "SNAPSHOT_RECORD", severity: "critical", data: { path } };
    for (const text of ["", "{", JSON.stringify({ ...record, hash: "0x" })]) {
      await writeFile(path, text);
      await expect(open()).rejects.toMatchObject(refused);
    }
    // Readable names, no readable content.
    await rm(path);
    await mkdir(path);
    await expect(open()).rejects.toMatchObject(refused);
  });
});

describe("how far the blob archive has looked", () => {
  it("is kept, and all is looked at again where it cannot be told", async () => {
    const home = join(directory, "blobs");
    const opened = async () => {
      const archive = new BlobArchive({ directory: home });
      await archive.open();
      return archive;
    };
    const archive = await opened();
    expect(archive.cursor).toBeNull();
    await archive.advance(17);
    expect((await opened()).cursor).toBe(17);
    for (const text of ["", "x", "-1", "1e3"]) {
      await writeFile(join(home, "cursor"), text);
      expect([text, (await opened()).cursor]).toEqual([text, null]);
    }
  });
});
