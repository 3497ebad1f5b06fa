import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "@altlayer/engine";
import { createWalletClient, encodeFunctionData, http, parseAbi, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, it } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { agreeOnSafe, type Devnet, devnetOf, ROLES, sequencing } from "./support/devnet.ts";
import { until } from "./support/until.ts";

const owner = privateKeyToAccount(ROLES.owner);

/** Sends to the batch inbox by hand, from any key. */
async function toInbox(devnet: Devnet, key: Hex, data: Hex): Promise<void> {
  const wallet = createWalletClient({ account: privateKeyToAccount(key), transport: http(devnet.anvil.url) });
  await wallet.sendTransaction({ to: devnet.rollup.batchInboxAddress, data, chain: null, gas: 1_000_000n });
}

async function deposit(devnet: Devnet, to: Hex): Promise<void> {
  const wallet = createWalletClient({ account: owner, transport: http(devnet.anvil.url) });
  const abi = parseAbi(["function depositTransaction(address,uint256,uint64,bool,bytes) payable"]);
  const data = encodeFunctionData({ abi, args: [to, parseEther("2"), 100_000n, false, "0x"] });
  const portal = devnet.rollup.depositContractAddress;
  await wallet.sendTransaction({ to: portal, data, value: parseEther("2"), gas: 1_000_000n, chain: null });
}

const balance = async (node: RollupNode, address: Hex, number: number) =>
  BigInt(JSON.parse(await node.engine.query("eth_getBalance", JSON.stringify([address, `0x${number.toString(16)}`]))));

describe.concurrent("two nodes derive equal hashes", () => {
  it("after L1 reorgs, below the safe head too", async (test) => {
    const devnet = await devnetOf(test);
    const sequencer = await devnet.node("sequencer", sequencing());
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 6);
    for (const depth of [2, 8]) {
      const before = sequencer.engine.heads().safe.number;
      await devnet.anvil.call("anvil_reorg", [depth, []]);
      await devnet.anvil.call("evm_setTime", [Math.floor(Date.now() / 1000)]);
      await agreeOnSafe(sequencer, follower, before + 4, 60_000);
    }
  }, 180_000);

  it("past garbage in the batch inbox, from the batcher's key and from others, on Granite with singular batches", async (test) => {
    const devnet = await devnetOf(test, { fork: "granite" });
    const frame = (channel: string, number: string, length: string, data: string, last: string) =>
      `${channel.repeat(16)}${number}${length}${data}${last}`;
    const garbage: Hex[] = [
      "0x",
      "0x00",
      "0xff00112233",
      `0x00${"ab".repeat(40)}`,
      // A well-formed frame of a channel that is no channel, one that never ends, and one with a bad length.
      `0x00${frame("c1", "0000", "00000004", "deadbeef", "01")}`,
      `0x00${frame("c2", "0000", "00000004", "01020304", "00")}`,
      `0x00${frame("c3", "0000", "ffffffff", "01020304", "01")}`,
      `0x00${frame("c4", "0000", "00000001", "01", "01")}`,
    ];
    for (const data of garbage) {
      await toInbox(devnet, ROLES.batcher, data);
      await toInbox(devnet, ROLES.challenger, data);
    }
    const sequencer = await devnet.node("sequencer", sequencing({ batches: "singular" }));
    const follower = await devnet.node("follower");
    await toInbox(devnet, ROLES.challenger, garbage[4] ?? "0x");
    await agreeOnSafe(sequencer, follower, 8, 60_000);
  }, 120_000);

  it("when the sequencer stays silent past the sequencing window: deposits are forced in", async (test) => {
    const devnet = await devnetOf(test, { seqWindowSize: 6 });
    const follower = await devnet.node("follower");
    const second = await devnet.node("second");
    const receiver = "0x00000000000000000000000000000000000d0517";
    await deposit(devnet, receiver);
    const safe = () => follower.engine.heads().safe.number;
    await until(async () => (await balance(follower, receiver, safe())) === parseEther("2"), 60_000);
    const number = await agreeOnSafe(follower, second, safe(), 60_000);
    expect(await balance(second, receiver, number)).toBe(parseEther("2"));
    await until(() => follower.engine.heads().unsafe.number >= number);
  }, 120_000);

  it("when a sequencer's blocks never reached the L1 in time: the chain goes on from what is derived", async (test) => {
    const devnet = await devnetOf(test, { seqWindowSize: 6 });
    const { sequencer: settings } = sequencing();
    const sequencer = await devnet.node("sequencer", { sequencer: settings });
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 10, 60_000);
    expect(sequencer.engine.heads().unsafe.number).toBeGreaterThanOrEqual(sequencer.engine.heads().safe.number);
  }, 120_000);

  it("with excess blob gas on the L1, by the L1's own schedule", async (test) => {
    const devnet = await devnetOf(test, { excessBlobGas: 0xa000000 });
    const sequencer = await devnet.node("sequencer", sequencing());
    const follower = await devnet.node("follower");
    await agreeOnSafe(sequencer, follower, 4);
    // number() and blobBaseFee() of the L1Block predeploy: what L2 contracts and the L1 fee are computed from. The fee
    // sinks with every L1 block, so it is compared with that of the block's own origin.
    const at = `0x${follower.engine.heads().unsafe.number.toString(16)}`;
    const ofL1Block = async (data: Hex) => {
      const call = [{ to: "0x4200000000000000000000000000000000000015", data }, at];
      return BigInt(JSON.parse(await follower.engine.query("eth_call", JSON.stringify(call))));
    };
    const origin = await ofL1Block("0x8381f58a");
    const history = await devnet.anvil.call<{ readonly baseFeePerBlobGas: readonly Hex[] }>("eth_feeHistory", [
      "0x1",
      `0x${origin.toString(16)}`,
      [],
    ]);
    const expected = BigInt(history.baseFeePerBlobGas[0] ?? 0);
    expect(expected).toBeGreaterThan(10n ** 9n);
    expect(await ofL1Block("0xf8206140")).toBe(expected);
  }, 120_000);
});

describe.concurrent("finality", () => {
  it("waits for the L1 block that holds a batch now, not for the one that held it before a reorg", async (test) => {
    const devnet = await devnetOf(test);
    const l1 = { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 8 } as const };
    // L1 origins so far back that reorgs drop batches, and no L2 block.
    const sequencer = await devnet.node("sequencer", { ...sequencing(), sequencer: { confirmations: 6 }, l1 });
    const follower = await devnet.node("follower", { l1 });
    const finalities: { readonly number: number; readonly l1Number: number }[] = [];
    follower.engine.onEvent((event) => {
      if (event.kind !== "heads") return;
      const { number } = event.change.heads.finalized;
      if (number > (finalities.at(-1)?.number ?? 0))
        finalities.push({ number, l1Number: follower.watcher.heads?.finalized?.number ?? -1 });
    });
    await agreeOnSafe(sequencer, follower, 4);
    let moved = 0;
    for (let reorgs = 0; reorgs < 3; reorgs++) {
      const before = follower.engine.heads().safe.number;
      await devnet.anvil.call("anvil_reorg", [4, []]);
      await devnet.anvil.call("evm_setTime", [Math.floor(Date.now() / 1000)]);
      await until(() => follower.engine.heads().safe.number < before, 20_000).then(
        () => moved++,
        () => {},
      );
      await until(() => follower.engine.heads().safe.number > before, 60_000);
    }
    expect(moved).toBeGreaterThan(0);
    const last = follower.engine.heads().safe.number;
    await until(() => follower.engine.heads().finalized.number >= last, 60_000);

    // A node that comes only now saw no reorg.
    const fresh = await devnet.node("fresh", { l1 });
    await agreeOnSafe(fresh, follower, last, 60_000);
    const record = await readFile(join(devnet.directory, "fresh", "safe-heads.jsonl"), "utf8");
    const heads = record
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line.slice(0, line.lastIndexOf(" "))) as Record<"l1" | "l2", { number: number }>);
    const early = finalities.filter(({ number, l1Number }) => {
      const holder = heads.find(({ l2 }) => l2.number >= number);
      return holder !== undefined && holder.l1.number > l1Number;
    });
    expect(finalities.length).toBeGreaterThan(0);
    expect(early).toEqual([]);
  }, 240_000);
});
