import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, createTestClient, http, parseEther, parseGwei, type TransactionSerialized } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Anvil } from "../../deployer/test/anvil.ts";
import { startAnvil } from "../../deployer/test/anvil.ts";
import { networkSchema } from "../src/networks.ts";
import { l1AccessOf } from "../src/steps/l1-access.ts";
import type { Database } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import { type Lease, takeLease } from "../src/store/lease.ts";
import { Outbox } from "../src/store/outbox.ts";
import { until } from "./harness.ts";

const CHAIN_ID = 31_337;
const RECEIVER = "0x00000000000000000000000000000000000eeeee";
const CHEAP = { maxFeePerGas: parseGwei("3"), maxPriorityFeePerGas: parseGwei("1") };

let l1: Anvil;
let folder: string;
let db: Database;
let lease: Lease;
let account: PrivateKeyAccount;

beforeAll(async () => {
  l1 = await startAnvil(["--no-mining"]);
  folder = mkdtempSync(join(tmpdir(), "altlayer-outbox-"));
  db = await openDatabase({ kind: "sqlite", file: join(folder, "store.db") });
  lease = (await takeLease(db, { name: "reconciler", holder: "test", ttlMs: 600_000, nowMs: Date.now() }))!;
});

afterAll(async () => {
  await db?.destroy();
  await l1?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const chain = () => createPublicClient({ transport: http(l1.url), cacheTime: 0 });
const control = () => createTestClient({ mode: "anvil", transport: http(l1.url) });

beforeEach(async () => {
  account = privateKeyToAccount(generatePrivateKey());
  await control().setBalance({ address: account.address, value: parseEther("10") });
});

/** A control plane's access, as it is after each start: nothing of the one before is in memory. */
function access(options: { readonly maxFeePerGasGwei?: number; readonly notices?: string[] } = {}) {
  const network = networkSchema.parse({
    id: "l1",
    name: "L1",
    chainId: CHAIN_ID,
    rpcUrl: l1.url,
    // Else a block would be made of each burst.
    development: false,
    blockTimeSeconds: 1,
    maxFeePerGasGwei: options.maxFeePerGasGwei ?? 500,
  });
  const outbox = new Outbox({ nowMs: () => Date.now() }, { db, lease: () => lease });
  const { publicClient } = l1AccessOf(
    { network, rollupId: "rol_test", account, resubmissionMs: 100 },
    { outbox, notice: (text) => options.notices?.push(text) },
  );
  return { publicClient, outbox };
}

const signed = (nonce: number, over: { readonly value?: bigint; readonly maxFeePerGas?: bigint } = {}) =>
  account.signTransaction({
    type: "eip1559",
    chainId: CHAIN_ID,
    nonce,
    to: RECEIVER,
    value: 1n,
    gas: 21_000n,
    ...CHEAP,
    ...over,
  }) as Promise<TransactionSerialized>;

const baseFee = (gwei: string) => control().setNextBlockBaseFeePerGas({ baseFeePerGas: parseGwei(gwei) });

/** Makes blocks at this base fee until the receipt is there, asked for by the hash that was returned first. */
async function included(publicClient: ReturnType<typeof access>["publicClient"], hash: `0x${string}`, gwei: string) {
  return await until(
    async () => {
      await baseFee(gwei);
      await control().mine({ blocks: 1 });
      return await publicClient.getTransactionReceipt({ hash }).catch(() => null);
    },
    (receipt) => receipt !== null,
    60_000,
  );
}

test("what the L1 ignores since its fees rose is sent again for more, and found under its first hash", async () => {
  const notices: string[] = [];
  const { publicClient, outbox } = access({ notices });
  const hash = await publicClient.sendRawTransaction({ serializedTransaction: await signed(0) });
  const receipt = await included(publicClient, hash, "20");
  expect(receipt?.status).toBe("success");
  expect(receipt?.transactionHash).not.toBe(hash);
  const attempts = await outbox.attempts({ networkId: "l1", sender: account.address.toLowerCase() as "0x", nonce: 0 });
  expect(attempts[0]?.hash).toBe(hash);
  expect(attempts.at(-1)?.hash).toBe(receipt?.transactionHash);
  const included_ = await chain().getTransaction({ hash: receipt!.transactionHash });
  expect(included_).toMatchObject({ nonce: 0, value: 1n, to: RECEIVER });
  // At least what a pool asks of a replacement, and what the market asks now.
  expect(included_.maxFeePerGas!).toBeGreaterThanOrEqual((CHEAP.maxFeePerGas * 110n) / 100n);
  expect(included_.maxFeePerGas!).toBeGreaterThanOrEqual(parseGwei("20"));
  expect(included_.maxPriorityFeePerGas!).toBeGreaterThanOrEqual((CHEAP.maxPriorityFeePerGas * 110n) / 100n);
  expect(await chain().getTransactionCount({ address: account.address })).toBe(1);
  expect(notices.some((text) => text.includes("raised"))).toBe(true);
  await baseFee("1");
  await control().mine({ blocks: 1 });
}, 90_000);

test("no fee is signed above the limit, and the transaction waits until the L1 is cheap again", async () => {
  const notices: string[] = [];
  const { publicClient, outbox } = access({ maxFeePerGasGwei: 4, notices });
  const hash = await publicClient.sendRawTransaction({ serializedTransaction: await signed(0) });
  await until(
    async () => {
      await baseFee("50");
      await control().mine({ blocks: 1 });
      await publicClient.getTransactionReceipt({ hash }).catch(() => null);
      return notices.filter((text) => text.includes("limit")).length;
    },
    (count) => count >= 3,
    60_000,
  );
  const attempts = await outbox.attempts({ networkId: "l1", sender: account.address.toLowerCase() as "0x", nonce: 0 });
  const { parseTransaction } = await import("viem");
  for (const { raw } of attempts) {
    expect(parseTransaction(raw as TransactionSerialized).maxFeePerGas).toBeLessThanOrEqual(parseGwei("4"));
  }
  expect((await included(publicClient, hash, "1"))?.status).toBe("success");
}, 120_000);

test("what the L1 forgot is sent again, as it was signed", async () => {
  const { publicClient } = access();
  const hash = await publicClient.sendRawTransaction({
    serializedTransaction: await signed(0, { maxFeePerGas: parseGwei("400") }),
  });
  await control().dropTransaction({ hash });
  expect(
    await chain()
      .getTransaction({ hash })
      .catch(() => null),
  ).toBeNull();
  // Asked through the access, which looks after it; a plain client would wait for ever.
  const back = await until(
    async () => {
      await publicClient.getTransactionReceipt({ hash }).catch(() => null);
      const { pending } = await control().getTxpoolStatus();
      return pending;
    },
    (pending) => pending > 0,
    60_000,
  );
  expect(back).toBe(1);
  const receipt = await included(publicClient, hash, "1");
  expect(receipt?.status).toBe("success");
}, 90_000);

test("after a crash the newest attempt is sent, whatever is signed anew", async () => {
  const before = access();
  const first = await before.publicClient.sendRawTransaction({ serializedTransaction: await signed(0) });
  const slot = { networkId: "l1", sender: account.address.toLowerCase() as `0x${string}`, nonce: 0 };
  await until(
    async () => {
      await before.publicClient.getTransactionReceipt({ hash: first }).catch(() => null);
      return (await before.outbox.attempts(slot)).length;
    },
    (count) => count >= 2,
    60_000,
  );
  const attempts = await before.outbox.attempts(slot);
  const after = access();
  const again = await signed(0, { maxFeePerGas: parseGwei("7") });
  const hash = await after.publicClient.sendRawTransaction({ serializedTransaction: again });
  expect(attempts.map((attempt) => attempt.hash)).toContain(hash);
  expect((await included(after.publicClient, hash, "1"))?.status).toBe("success");
  expect(await chain().getTransactionCount({ address: account.address })).toBe(1);
}, 90_000);

test("what was signed before a crash and is too cheap by now is sent for more at once", async () => {
  const before = access();
  const first = await before.publicClient.sendRawTransaction({ serializedTransaction: await signed(0) });
  await control().dropTransaction({ hash: first });
  await baseFee("20");
  await control().mine({ blocks: 1 });
  const after = access();
  // Which a pool refuses, as it is.
  await expect(chain().sendRawTransaction({ serializedTransaction: await signed(0) })).rejects.toThrow();
  const hash = await after.publicClient.sendRawTransaction({ serializedTransaction: await signed(0) });
  expect(hash).not.toBe(first);
  expect((await included(after.publicClient, hash, "20"))?.status).toBe("success");
  await baseFee("1");
  await control().mine({ blocks: 1 });
}, 90_000);

test("a nonce that was promised to another deed is used for that one, and the caller is told", async () => {
  const { publicClient } = access();
  const promised = await publicClient.sendRawTransaction({ serializedTransaction: await signed(0, { value: 5n }) });
  const other = await signed(0, { value: 6n, maxFeePerGas: parseGwei("9") });
  const after = access();
  const error = await after.publicClient.sendRawTransaction({ serializedTransaction: other }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const { problemOf } = await import("../src/errors.ts");
  expect(problemOf(error).code).toBe("NONCE_TAKEN");
  await included(publicClient, promised, "1");
  expect(await chain().getBalance({ address: RECEIVER })).toBeGreaterThanOrEqual(5n);
  const balance = await chain().getTransaction({ hash: promised });
  expect(balance.value).toBe(5n);
}, 90_000);
