import { createPublicClient, createWalletClient, encodeFunctionData, http, parseAbi, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, describe, expect, it } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { QUIET_HEADER } from "../src/rpc/transport/http.ts";
import { agreeOnSafe, type Devnet, keyOf, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

/** Longer than any of these tests: what wakes the chain here is never the bound, unless a test says so. */
const IDLE_MS = 400_000;
const WAIT_MS = 60_000;
const STANDS_MS = 3_000;
const RECEIVER = `0x${"42".repeat(20)}` as const;
const owner = privateKeyToAccount(ROLES.owner);

const ageSeconds = (node: RollupNode) => Date.now() / 1_000 - node.engine.heads().unsafe.timestamp;
/** The head is left behind by so much, and stands: a slow machine's may be behind while it is made up for. */
function untilBehind(node: RollupNode, seconds: number): Promise<void> {
  let head = -1;
  let sinceMs = 0;
  return until(() => {
    const { number } = node.engine.heads().unsafe;
    if (number !== head) [head, sinceMs] = [number, performance.now()];
    return ageSeconds(node) > seconds && performance.now() - sinceMs > STANDS_MS;
  }, WAIT_MS);
}

async function ask(
  node: RollupNode,
  method: string,
  params: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(node.rpc?.httpUrl ?? "", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of several methods.
  return ((await response.json()) as { result: any }).result;
}

/** Every block of the chain in order: time after time by the schedule, and how many transactions beside the system's. */
async function schedule(node: RollupNode, from: number, to: number) {
  const blocks: { readonly timestamp: number; readonly transactions: number }[] = [];
  for (let number = from; number <= to; number++) {
    const payload = await node.engine.payloadByNumber(number);
    blocks.push({ timestamp: Number(payload?.timestamp), transactions: (payload?.transactions.length ?? 0) - 1 });
  }
  return blocks;
}

describe("a chain that rests while nobody uses it", () => {
  let devnet: Devnet;
  afterEach(() => devnet?.close(), 60_000);

  const start = (name = "sequencer", idleMs = IDLE_MS) => {
    const base = sequencing();
    return devnet.node(name, {
      ...base,
      sequencer: { ...base.sequencer, idleMs, signer: keyOf("owner") },
      gossip: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    });
  };

  it("is made up for when somebody asks: the blocks are those of a chain that never rested", async () => {
    devnet = await startDevnet({ seqWindowSize: 3_600 });
    const sequencer = await start();
    const follower = await devnet.node("follower", { gossip: { peers: [...sequencer.gossip!.node.addresses] } });
    const deriver = await devnet.node("deriver");
    await untilBehind(sequencer, 5);
    const rested = sequencer.engine.heads().unsafe;

    // Who only watches does not wake it, nor does what has no time.
    expect(Number(await ask(sequencer, "eth_blockNumber", [], { [QUIET_HEADER]: "1" }))).toBe(rested.number);
    expect(await ask(sequencer, "eth_chainId", [])).toBe("0x385");
    expect(sequencer.engine.heads().unsafe.number).toBe(rested.number);

    const askedAt = Date.now() / 1_000;
    const block = await ask(sequencer, "eth_getBlockByNumber", ["latest", false]);
    expect(Number(block.timestamp)).toBeGreaterThan(askedAt - 1);

    const { number } = sequencer.engine.heads().unsafe;
    const blocks = await schedule(sequencer, rested.number, number);
    expect(blocks.map(({ timestamp }) => timestamp)).toEqual(blocks.map((_, index) => rested.timestamp + index));
    expect(blocks.every(({ transactions }) => transactions === 0)).toBe(true);
    await until(() => follower.engine.heads().unsafe.number >= number, WAIT_MS);
    expect((await follower.engine.payloadByNumber(number))?.blockHash).toBe(
      (await sequencer.engine.payloadByNumber(number))?.blockHash,
    );
    await agreeOnSafe(sequencer, deriver, number, WAIT_MS);
  }, 180_000);

  it("takes a transaction into the block of its time, not into those that are made up for", async () => {
    devnet = await startDevnet({ seqWindowSize: 3_600 });
    const sequencer = await start();
    const deriver = await devnet.node("deriver");
    const transport = http(sequencer.rpc?.httpUrl, { fetchOptions: { headers: { [QUIET_HEADER]: "1" } } });
    const wallet = createWalletClient({ account: owner, transport });
    const request = await wallet.prepareTransactionRequest({ to: RECEIVER, value: parseEther("1"), chain: null });
    const serializedTransaction = await wallet.signTransaction({ ...request, chain: null });
    await untilBehind(sequencer, 5);
    const rested = sequencer.engine.heads().unsafe;

    const sentAt = Date.now() / 1_000;
    const hash = await wallet.sendRawTransaction({ serializedTransaction });
    const receipt = await createPublicClient({ transport }).waitForTransactionReceipt({ hash, pollingInterval: 50 });
    expect(receipt.status).toBe("success");
    const number = Number(receipt.blockNumber);
    const blocks = await schedule(sequencer, rested.number + 1, number);
    expect(blocks.length).toBeGreaterThanOrEqual(5);
    expect(blocks.at(-1)?.timestamp).toBeGreaterThan(sentAt - 1);
    expect(blocks.map(({ transactions }) => transactions)).toEqual([...blocks.slice(1).map(() => 0), 1]);
    await agreeOnSafe(sequencer, deriver, number, WAIT_MS);

    // With nothing left to do it rests again.
    await untilBehind(sequencer, 4);
  }, 180_000);

  it("is woken by a deposit", async () => {
    devnet = await startDevnet({ seqWindowSize: 3_600 });
    const sequencer = await start();
    await untilBehind(sequencer, 4);
    const wallet = createWalletClient({ account: owner, transport: http(devnet.anvil.url) });
    const abi = parseAbi(["function depositTransaction(address,uint256,uint64,bool,bytes) payable"]);
    await wallet.sendTransaction({
      to: devnet.rollup.depositContractAddress,
      value: parseEther("2"),
      data: encodeFunctionData({
        abi,
        functionName: "depositTransaction",
        args: [RECEIVER, parseEther("2"), 100_000n, false, "0x"],
      }),
      gas: 500_000n,
      chain: null,
    });
    const balance = async () =>
      BigInt(JSON.parse(await sequencer.engine.query("eth_getBalance", `["${RECEIVER}","latest"]`)));
    await until(async () => (await balance()) === parseEther("2"), WAIT_MS);
  }, 120_000);

  it("goes on after a restart in the middle of a rest", async () => {
    devnet = await startDevnet({ seqWindowSize: 3_600 });
    const first = await start();
    await untilBehind(first, 4);
    const rested = first.engine.heads().unsafe;
    await first.close();
    const second = await start();
    expect(second.engine.heads().unsafe.number).toBeGreaterThanOrEqual(rested.number);
    const askedAt = Date.now() / 1_000;
    await ask(second, "eth_blockNumber", []);
    await until(() => second.engine.heads().unsafe.timestamp > askedAt - 2, WAIT_MS);
    expect((await second.engine.payloadByNumber(rested.number))?.blockHash).toBe(rested.hash);
    const { number } = second.engine.heads().unsafe;
    const blocks = await schedule(second, rested.number, number);
    expect(blocks.map(({ timestamp }) => timestamp)).toEqual(blocks.map((_, index) => rested.timestamp + index));
    const deriver = await devnet.node("deriver");
    await agreeOnSafe(second, deriver, number, WAIT_MS);
  }, 180_000);

  it("makes its due blocks together when it is as far behind as it may be", async () => {
    devnet = await startDevnet({ seqWindowSize: 3_600 });
    const sequencer = await start("sequencer", 4_000);
    let behind = 0;
    await until(() => {
      behind = Math.max(behind, ageSeconds(sequencer));
      return sequencer.engine.heads().unsafe.number >= 15;
    }, WAIT_MS);
    expect(behind).toBeGreaterThan(3);
    const times = (await schedule(sequencer, 1, 15)).map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.map((_, index) => times[0]! + index));
  }, 120_000);

  it("refuses a rest that would bring its batches near the end of the sequencing window", async () => {
    devnet = await startDevnet({ seqWindowSize: 100 });
    await expect(start("sequencer", 30_000)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  }, 60_000);
});
