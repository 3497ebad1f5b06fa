import { appendFile, mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLogger } from "../src/log.ts";
import { OpenBlockFile } from "../src/slices/open-block-file.ts";

const hash = (byte: number) => `0x${byte.toString(16).padStart(2, "0").repeat(32)}` as const;
const attributes = {
  timestamp: 1_700_000_000,
  prevRandao: hash(1),
  suggestedFeeRecipient: `0x${"0f".repeat(20)}`,
  parentBeaconBlockRoot: hash(2),
  transactions: ["0x7e01"],
  noTxPool: false,
  gasLimit: 30_000_000,
  eip1559Params: "0x0000000800000002",
} as const;
const PARENT = hash(3);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "open-block-"));
  path = join(folder, "open-block");
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => OpenBlockFile.open(path, { log: silentLogger });
/** As a node does that dies and starts again. */
async function reopened(file: OpenBlockFile): Promise<OpenBlockFile> {
  await file.close();
  return open();
}

it("gives back what was kept of the block in the making, piece by piece, also after a restart", async () => {
  const file = await open();
  expect(file.on(PARENT)).toBeNull();
  const transactions = ["0x01", "0x02", "0x03"] as const;
  const lines = async () => (await readFile(path, "utf8")).split("\n").length - 1;
  for (const [written, count] of [1, 3].entries()) {
    file.keep(PARENT, { attributes, transactions: transactions.slice(0, count) });
    // What it was opened with, and each piece: nothing is written twice.
    await expect.poll(lines, { timeout: 60_000 }).toBe(2 + written);
  }
  const block = { attributes, transactions };
  expect(file.on(PARENT)).toMatchObject(block);
  const again = await reopened(file);
  expect(again.on(PARENT)).toMatchObject(block);
  expect(again.on(hash(4))).toBeNull();
  await again.close();
});

it("holds one block: the next takes its place, and so does another on the same parent", async () => {
  let file = await open();
  file.keep(PARENT, { attributes, transactions: ["0x01", "0x02"] });
  file = await reopened(file);
  const other = { ...attributes, timestamp: attributes.timestamp + 1 };
  file.keep(PARENT, { attributes: other, transactions: ["0x0a"] });
  file = await reopened(file);
  expect(file.on(PARENT)).toMatchObject({ attributes: other, transactions: ["0x0a"] });
  file.keep(hash(4), { attributes, transactions: [] });
  file = await reopened(file);
  expect(file.on(PARENT)).toBeNull();
  expect(file.on(hash(4))).toMatchObject({ transactions: [] });
  await file.close();
});

it("forgets what a crash left half written, and keeps what came before it", async () => {
  let file = await open();
  file.keep(PARENT, { attributes, transactions: ["0x01"] });
  file = await reopened(file);
  await file.close();
  const whole = (await readFile(path)).length;
  await appendFile(path, '["0x02"');
  file = await open();
  expect(file.on(PARENT)?.transactions).toEqual(["0x01"]);
  await file.close();
  await truncate(path, whole - 3);
  file = await open();
  expect(file.on(PARENT)?.transactions).toEqual([]);
  await file.close();
  await truncate(path, 10);
  file = await open();
  expect(file.on(PARENT)).toBeNull();
  await file.close();
});
