import { fork } from "node:child_process";
import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Base, Message } from "@altlayer/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type JournalRecord, SigningJournal } from "../src/index.ts";
import { blockMessage, type ExampleBlock, ExampleChain, named } from "./support/chain.ts";
import { digests, keccak256 } from "./support/vectors.ts";

const BASE_0: Base = { epoch: 0, l1Hash: named("L1 99"), height: 0, blockHash: named("genesis") };
const chain = new ExampleChain(BASE_0, { digests, keccak256 });
for (let height = 1; height <= 8; height++) chain.add(["l1"]);
const messageAt = (height: number): Message => blockMessage(chain.blocks[height - 1] as ExampleBlock, BASE_0);
const record = (height: number): JournalRecord => ({ tip: messageAt(height), quarantineHeight: null });
const NOTHING: JournalRecord = { tip: null, quarantineHeight: null };
const identity = named("operator");
const coded = (code: string) => expect.objectContaining({ code });

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "altlayer-journal-"));
  file = path.join(folder, "signing.journal");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function written(...records: readonly JournalRecord[]): Promise<void> {
  const journal = await SigningJournal.create({ file, identity });
  for (const each of records) await journal.append(each);
  await journal.close();
}

async function reopened(): Promise<JournalRecord> {
  const { journal, record: last } = await SigningJournal.open({ file, identity });
  await journal.close();
  return last;
}

test("the last record comes back, of whatever kind", async () => {
  await written();
  expect(await reopened()).toEqual(NOTHING);
  const { journal } = await SigningJournal.open({ file, identity });
  for (const each of [
    record(1),
    { tip: null, quarantineHeight: 9 },
    { tip: messageAt(2), quarantineHeight: 2 ** 40 },
  ]) {
    await journal.append(each);
    const copy = `${file}.copy`;
    await writeFile(copy, await readFile(file));
    const other = await SigningJournal.open({ file: copy, identity });
    expect(other.record).toEqual(each);
    await other.journal.close();
  }
  await journal.close();
});

test("records appended at once are written in order", async () => {
  const journal = await SigningJournal.create({ file, identity });
  await Promise.all([1, 2, 3, 4, 5].map((height) => journal.append(record(height))));
  await journal.close();
  expect(await reopened()).toEqual(record(5));
  await expect(journal.append(record(6))).rejects.toMatchObject({ code: "JOURNAL_CLOSED" });
});

test("a record that a crash cut off anywhere is dropped, the one before it stays", async () => {
  await written(record(1), record(2));
  const content = await readFile(file);
  const { size } = await stat(file);
  const one = (size - (await headerBytes())) / 2;
  for (let cut = size - one; cut < size; cut += 13) {
    await writeFile(file, content);
    await truncate(file, cut);
    expect(await reopened()).toEqual(record(1));
    // And what follows is written in its place.
    const { journal } = await SigningJournal.open({ file, identity });
    await journal.append(record(3));
    await journal.close();
    expect(await reopened()).toEqual(record(3));
  }
});

async function headerBytes(): Promise<number> {
  const empty = path.join(folder, "empty");
  await (await SigningJournal.create({ file: empty, identity })).close();
  return (await stat(empty)).size;
}

test("a changed byte anywhere but in the last record is corruption, never a shorter memory", async () => {
  await written(record(1), record(2), record(3));
  const content = await readFile(file);
  const one = (content.length - (await headerBytes())) / 3;
  for (let at = 0; at < content.length - one; at += 29) {
    const changed = Buffer.from(content);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
    await writeFile(file, changed);
    await expect(SigningJournal.open({ file, identity })).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
  }
  await writeFile(file, "");
  await expect(SigningJournal.open({ file, identity })).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
});

describe("whose it is", () => {
  test("a missing journal is not a new one, a present one not made anew", async () => {
    await expect(SigningJournal.open({ file, identity })).rejects.toEqual(coded("JOURNAL_MISSING"));
    await written(record(1));
    await expect(SigningJournal.create({ file, identity })).rejects.toEqual(coded("JOURNAL_EXISTS"));
    expect(await reopened()).toEqual(record(1));
  });

  test("another operator's journal is refused", async () => {
    await written(record(1));
    const foreign = SigningJournal.open({ file, identity: named("somebody else") });
    await expect(foreign).rejects.toEqual(coded("JOURNAL_FOREIGN"));
    expect(await reopened()).toEqual(record(1));
  });

  test("one at a time, of this process and others; who is killed leaves no lock behind", async () => {
    await written(record(1));
    const locked = () => expect(SigningJournal.open({ file, identity })).rejects.toEqual(coded("JOURNAL_LOCKED"));
    const { journal } = await SigningJournal.open({ file, identity });
    await locked();
    await journal.close();
    const holder = fork(fileURLToPath(new URL("./support/journal-child.ts", import.meta.url)), [file, "append"]);
    await new Promise((resolve) => holder.once("message", resolve));
    await locked();
    const gone = new Promise((resolve) => holder.once("exit", resolve));
    holder.kill("SIGKILL");
    await gone;
    expect((await reopened()).tip).not.toBeNull();
  });

  test("of many that open it at once one does", async () => {
    await written(record(1));
    const opened = await Promise.allSettled(Array.from({ length: 8 }, () => SigningJournal.open({ file, identity })));
    const winners = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value.journal] : []));
    for (const winner of winners) await winner.close();
    expect(winners).toHaveLength(1);
  });
});

test("a long journal is written anew with its last record", async () => {
  await written(record(1));
  // Blown up by hand: the same record many times over.
  const content = await readFile(file);
  const header = await headerBytes();
  const handle = await open(file, "w");
  await handle.write(content.subarray(0, header));
  const many = Buffer.concat(Array.from({ length: 1_000 }, () => content.subarray(header)));
  for (let i = 0; i < 9; i++) await handle.write(many);
  await handle.close();
  const { journal } = await SigningJournal.open({ file, identity });
  await journal.append(record(2));
  await journal.append(record(3));
  await journal.close();
  expect((await stat(file)).size).toBeLessThan(10_000);
  expect(await reopened()).toEqual(record(3));
});

test("kill -9: what was acknowledged is there", { timeout: 120_000 }, async () => {
  await written();
  for (let round = 0; round < 12; round++) {
    const child = fork(fileURLToPath(new URL("./support/journal-child.ts", import.meta.url)), [file, "append"]);
    let acknowledged = -1;
    const enough = 5 + round;
    await new Promise<void>((resolve, reject) => {
      child.on("message", (height) => {
        acknowledged = Number(height);
        if (acknowledged % 1_000 >= enough) child.kill("SIGKILL");
      });
      child.once("exit", () => resolve());
      child.once("error", reject);
    });
    const { tip } = await reopened();
    expect(acknowledged).toBeGreaterThan(0);
    expect(tip?.core.height).toBeGreaterThanOrEqual(acknowledged);
  }
});
