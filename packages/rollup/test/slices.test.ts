import type { UndoneSlices } from "@altlayer/engine";
import { createPublicClient, createWalletClient, defineChain, http, keccak256, parseEther, webSocket } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { sliceIds } from "../src/slices/slice-id.ts";
import { parseSliceMessages, type SliceMessage } from "../src/slices/slice-message.ts";
import { type Devnet, keyOf, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

const chain = defineChain({
  id: 901,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});
/** Init code: one log without topics, one with a topic. */
const LOGS = "0x60006000a0600760006000a1";
const ZERO_HASH = `0x${"00".repeat(32)}`;
const account = privateKeyToAccount(ROLES.owner);

interface Flashblock {
  readonly index: number;
  readonly base?: { readonly parent_hash: string; readonly block_number: string };
  readonly diff: { readonly transactions: readonly string[] };
  readonly metadata: { readonly block_number: number; readonly receipts: Record<string, unknown> };
}

describe("slices", () => {
  let devnet: Devnet;
  const sockets: { terminate(): void }[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await devnet?.close();
  }, 60_000);

  const listen = (url: string): unknown[] => {
    const messages: unknown[] = [];
    const socket = new WebSocket(url);
    sockets.push(socket);
    socket.on("message", (data) => messages.push(JSON.parse(String(data))));
    return messages;
  };

  it("answer with a receipt at once, are streamed, and are executed by a follower as they come", async () => {
    devnet = await startDevnet({ blockTime: 2 });
    const base = sequencing();
    const sequencer = await devnet.node("sequencer", {
      ...base,
      sequencer: { ...base.sequencer, signer: keyOf("owner") },
      gossip: { listen: ["/ip4/127.0.0.1/tcp/0"] },
      flashblocks: { port: 0 },
    });
    const stream = sequencer.flashblocks?.url ?? "";
    const follower = await devnet.node("follower", {
      gossip: { peers: [...(sequencer.gossip?.node.addresses ?? [])] },
      followSlices: `${stream}/slices`,
    });
    await until(() => follower.engine.heads().unsafe.number >= 2, 30_000);

    const flashblocks = listen(stream) as Flashblock[];
    const messages = listen(`${stream}/slices`);
    // From a block's first slice on, so that all that follows can be hashed again.
    await until(() => messages.some((message) => "attributes" in (message as object)), 60_000);
    const transport = http(sequencer.rpc?.httpUrl);
    const client = createPublicClient({ chain, transport });
    const subscriber = createPublicClient({ chain, transport: webSocket(sequencer.rpc?.wsUrl, { reconnect: false }) });
    const { close } = await subscriber.transport.getRpcClient();
    sockets.push({ terminate: close });
    const pendingHashes: string[] = [];
    await subscriber.transport.subscribe({
      params: ["newFlashblockTransactions"] as unknown as ["newHeads"],
      onData: (data) => pendingHashes.push(String(data.result)),
    });
    const wallet = createWalletClient({ account, chain, transport });
    const to = "0x000000000000000000000000000000000000dead";
    const elsewhere = createPublicClient({ chain, transport: http(follower.rpc?.httpUrl) });

    const hashes: string[] = [];
    let followed = 0n;
    for (let nonce = 0; nonce < 6; nonce++) {
      const request = await wallet.prepareTransactionRequest({ account, to, value: parseEther("1"), nonce });
      const raw = await wallet.signTransaction(request);
      const receipt = await client.request({ method: "eth_sendRawTransactionSync", params: [raw] } as never);
      expect(receipt).toMatchObject({ transactionHash: keccak256(raw), status: "0x1", blockHash: ZERO_HASH });
      hashes.push(keccak256(raw));
      // The sequencer's pending state has it now; the follower's a moment later, before the block is sealed.
      expect(await client.getBalance({ address: to, blockTag: "pending" })).toBe(parseEther(`${nonce + 1}`));
      const number = await client.getBlockNumber();
      await until(async () => {
        const pending = await elsewhere.getBalance({ address: to, blockTag: "pending" });
        return pending === parseEther(`${nonce + 1}`) || (await client.getBlockNumber()) > number;
      }, 5_000);
      const early = await elsewhere.getBalance({ address: to, blockTag: "pending" });
      if (early > (await elsewhere.getBalance({ address: to, blockTag: "latest" }))) followed++;
    }
    expect(followed).toBeGreaterThan(0n);
    expect(follower.sliceFollower?.counts).toMatchObject({ refused: 0, diverged: 0 });
    expect(follower.sliceFollower?.counts.executed).toBeGreaterThan(0);
    await until(() => pendingHashes.length >= 6);
    expect(pendingHashes.filter((hash) => hashes.includes(hash))).toEqual(hashes);

    // Receipts of other types, and with logs, of which the slices' ids are made, too.
    const more = [
      { type: "legacy", data: LOGS, gas: 100_000n, nonce: 6 },
      { type: "eip2930", to, accessList: [{ address: to, storageKeys: [] }], gas: 100_000n, nonce: 7 },
    ] as const;
    for (const request of more) {
      const { maxFeePerGas: gasPrice } = await client.estimateFeesPerGas();
      hashes.push(await wallet.sendTransaction({ ...request, gasPrice }));
    }

    // Once sealed, the blocks hold what was streamed, in its order.
    const last = await client.waitForTransactionReceipt({ hash: hashes.at(-1) as `0x${string}` });
    const streamed = flashblocks.flatMap((flashblock) => Object.keys(flashblock.metadata.receipts));
    expect(streamed.filter((hash) => hashes.includes(hash))).toEqual(hashes);
    for (const flashblock of flashblocks.filter(
      (one) => one.index === 0 && one.metadata.block_number <= Number(last.blockNumber),
    )) {
      const block = await client.getBlock({ blockNumber: BigInt(flashblock.metadata.block_number) });
      expect(block.parentHash).toBe(flashblock.base?.parent_hash);
    }
    const slices = messages.flatMap((message) => parseSliceMessages(JSON.stringify(message)) ?? []);
    const parents = new Map<string, SliceMessage[]>();
    for (const message of slices) {
      if ("mark" in message || message.slice.number > Number(last.blockNumber)) continue;
      parents.set(message.slice.parentHash, [...(parents.get(message.slice.parentHash) ?? []), message]);
    }
    let hashed = 0;
    for (const [first, ...rest] of parents.values()) {
      // The block that was in the making when the stream was opened.
      if (!first?.attributes) continue;
      const { attributes, slice } = first;
      const block = [first, ...rest];
      const ids = sliceIds({
        ...{ chainId: chain.id, parentHash: slice.parentHash, attributes },
        slices: block.map(({ flashblock }) => flashblock),
      });
      expect(ids).toEqual(block.map((each) => each.slice.id));
      hashed += rest.reduce((sum, { flashblock }) => sum + flashblock.diff.transactions.length, 0);
    }
    expect(hashed).toBeGreaterThan(2);
    await until(() => follower.engine.heads().unsafe.number >= Number(last.blockNumber), 20_000);
    const [theirs, ours] = await Promise.all([
      sequencer.engine.payloadByNumber(Number(last.blockNumber)),
      follower.engine.payloadByNumber(Number(last.blockNumber)),
    ]);
    expect(ours?.blockHash).toBe(theirs?.blockHash);
  }, 120_000);

  it("bring to a follower without gossip the blocks that it missed", async () => {
    devnet = await startDevnet({ blockTime: 1 });
    // Without a batcher the L1 tells nothing of them.
    const sequencer = await devnet.node("sequencer", {
      sequencer: { confirmations: 0, signer: keyOf("owner") },
      flashblocks: { port: 0 },
    });
    const stream = sequencer.flashblocks?.url ?? "";
    const head = () => sequencer.engine.heads().unsafe.number;
    await until(() => head() >= 5, 30_000);
    const following = { followSlices: `${stream}/slices` };
    for (const _ of ["from its first start on", "after it was away"]) {
      const follower = await devnet.node("follower", following);
      const wanted = head() + 2;
      await until(() => follower.engine.heads().unsafe.number >= wanted, 30_000);
      const [ours, theirs] = await Promise.all(
        [follower, sequencer].map(({ engine }) => engine.payloadByNumber(wanted)),
      );
      expect(ours).toEqual(theirs);
      await follower.close();
      const left = head();
      await until(() => head() >= left + 4, 30_000);
    }
    const http = stream.replace("ws:", "http:");
    expect((await fetch(`${http}/blocks/${head() + 1_000}`)).status).toBe(404);
    expect((await fetch(`${http}/blocks/-1`)).status).toBe(426);
  }, 120_000);

  it("go on after a restart where they stopped", async () => {
    devnet = await startDevnet({ blockTime: 4 });
    const config = { ...sequencing(), flashblocks: { port: 0 } };
    const first = await devnet.node("sequencer", config);
    await until(() => first.engine.heads().unsafe.number >= 1, 30_000);
    const parent = first.engine.heads().unsafe;
    const transport = http(first.rpc?.httpUrl);
    const wallet = createWalletClient({ account, chain, transport });
    const request = await wallet.prepareTransactionRequest({ account, to: account.address, value: 1n, nonce: 0 });
    const raw = await wallet.signTransaction(request);
    const client = createPublicClient({ chain, transport });
    const before = (await client.request({ method: "eth_sendRawTransactionSync", params: [raw] } as never)) as object;
    expect(before).toMatchObject({ blockHash: ZERO_HASH });
    const head = first.engine.heads().unsafe;
    await first.close();

    const second = await devnet.node("sequencer", config);
    const again = createPublicClient({ chain, transport: http(second.rpc?.httpUrl) });
    const after = (await again.request({ method: "eth_sendRawTransactionSync", params: [raw] } as never)) as object;
    expect(after).toMatchObject({ ...before, blockHash: expect.any(String) });
    const receipt = await again.waitForTransactionReceipt({ hash: keccak256(raw) });
    expect(receipt).toMatchObject({ status: "success", blockNumber: BigInt(head.number + 1) });
    expect((await again.getBlock({ blockNumber: receipt.blockNumber })).parentHash).toBe(head.hash);
    expect(head.number).toBeGreaterThanOrEqual(parent.number);
  }, 120_000);

  it("fall with their L1 origin, and come back in their order", async () => {
    devnet = await startDevnet({ blockTime: 4 });
    const node = await devnet.node("sequencer", sequencing());
    await until(() => node.engine.heads().unsafe.number >= 1, 30_000);
    const undone: UndoneSlices[] = [];
    node.engine.onEvent((event) => {
      if (event.kind === "undone") undone.push(event);
    });
    const client = createPublicClient({ chain, transport: http(node.rpc?.httpUrl) });
    const subscriber = createPublicClient({ chain, transport: webSocket(node.rpc?.wsUrl, { reconnect: false }) });
    const { close } = await subscriber.transport.getRpcClient();
    sockets.push({ terminate: close });
    const logs: { removed: boolean; transactionHash: string }[] = [];
    await subscriber.transport.subscribe({
      params: ["pendingLogs", {}] as unknown as ["newHeads"],
      onData: (data) => logs.push(data.result as (typeof logs)[number]),
    });
    const wallet = createWalletClient({ account, chain, transport: http(node.rpc?.httpUrl) });
    const hashes: string[] = [];
    // Right behind a sealed block, so that the slices have time to be undone before theirs is.
    const before = node.engine.heads().unsafe.number;
    await until(() => node.engine.heads().unsafe.number > before, 20_000);
    for (let nonce = 0; nonce < 3; nonce++) {
      // LOG0 in a constructor.
      const request = { account, data: "0x60006000a000", nonce, gas: 100_000n } as const;
      const raw = await wallet.signTransaction(await wallet.prepareTransactionRequest(request));
      const receipt = await client.request({ method: "eth_sendRawTransactionSync", params: [raw] } as never);
      expect(receipt).toMatchObject({ status: "0x1", logs: [{ blockHash: ZERO_HASH }] });
      hashes.push(keccak256(raw));
    }
    // Every L1 block that the chain stands on above its anchor goes.
    const depth = Number(await devnet.anvil.call<string>("eth_blockNumber")) - devnet.rollup.genesis.l1.number;
    await devnet.anvil.call("anvil_reorg", [depth, []]);
    await until(() => undone.length > 0 || logs.some((log) => log.removed), 30_000);
    const receipts = await Promise.all(
      hashes.map((hash) => client.waitForTransactionReceipt({ hash: hash as `0x${string}`, timeout: 60_000 })),
    );
    const places = receipts.map(({ blockNumber, transactionIndex }) => [Number(blockNumber), transactionIndex]);
    expect(places.toSorted((a, b) => a[0]! - b[0]! || a[1]! - b[1]!)).toEqual(places);
    expect(undone.flatMap(({ lost }) => lost)).toEqual([]);
    const removed = logs.filter((log) => log.removed).map((log) => log.transactionHash);
    expect(removed.slice(0, 3)).toEqual(hashes);
  }, 180_000);
});
