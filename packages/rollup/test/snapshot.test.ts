import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ExecutionPayload, installSnapshot, openEngine, type SnapshotInfo } from "@altlayer/engine";
import { createWalletClient, http, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { giveOrder } from "../src/admin/client.ts";
import { loadNodeFiles } from "../src/config/load.ts";
import type { NodeConfigInput } from "../src/config/node-config.ts";
import type { RollupNode } from "../src/node/node.ts";
import { snapshotOfStopped } from "../src/snapshot/source.ts";
import { agreeOnSafe, type Devnet, proposing, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { until } from "./support/until.ts";

/** More than BLOCKHASH reaches: a snapshot then leaves history out. */
const CHAIN_BLOCKS = 330;
/** L1 blocks that are there when the rollup begins: its blocks' origins then reach further back than a channel does. */
const L1_BLOCKS = 300;
/** Of the chain that is forged. */
const BLOCKS = 20;
const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

async function ask(node: RollupNode, method: string, params: unknown[]): Promise<Answer> {
  const response = await fetch(node.rpc?.httpUrl ?? "", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as Answer;
  return error ? { error } : { result };
}

const quantity = (number: number) => `0x${number.toString(16)}`;

/** The last in its place becomes another block: a chain of the same genesis, consistent in itself. */
async function forge(devnet: Devnet, payloads: readonly ExecutionPayload[], path: string): Promise<SnapshotInfo> {
  const dataDir = join(devnet.directory, "forger");
  const genesisJson = JSON.stringify(devnet.genesis.genesis);
  const engine = await openEngine({ dataDir, genesisJson, history: 1_000, pool: {}, limits: {} });
  try {
    for (const payload of payloads.slice(0, -1)) expect((await engine.newPayload(payload)).status).toBe("VALID");
    const last = payloads.at(-1);
    if (!last) throw new TypeError("nothing to forge");
    const { candidate } = await engine.open(last.parentHash, {
      timestamp: Number(last.timestamp),
      prevRandao: `0x${"66".repeat(32)}`,
      suggestedFeeRecipient: last.feeRecipient,
      parentBeaconBlockRoot: last.parentBeaconBlockRoot,
      transactions: last.transactions,
      noTxPool: true,
      gasLimit: Number(last.gasLimit),
      eip1559Params: `0x${"00".repeat(8)}`,
    });
    const { blockHash: hash } = await engine.seal(candidate);
    expect(hash).not.toBe(last.blockHash);
    await engine.setHeads({ unsafe: hash, safe: hash, finalized: hash });
    return await engine.writeSnapshot({ path, number: payloads.length, first: 0 });
  } finally {
    await engine.close();
  }
}

describe("a snapshot", () => {
  let devnet: Devnet;
  let sequencer: RollupNode;
  let file: string;
  let info: SnapshotInfo;
  const settings = (): Partial<NodeConfigInput> => ({
    l1: { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 2 } },
    metrics: { port: 0, readiness: { safeHeadSeconds: 3_600, l1HeadSeconds: 3_600, diskFreeBytes: 1 } },
  });
  const from = (path: string, blockHash?: string): Partial<NodeConfigInput> => ({
    ...settings(),
    snapshot: { file: path, ...(blockHash === undefined ? {} : { blockHash }) },
  });
  const begin = (name: string, extra: Partial<NodeConfigInput>) => devnet.node(name, extra, { installSnapshot });
  const confirmedBy = async (name: string) =>
    (
      JSON.parse(await readFile(join(devnet.directory, name, "snapshot.json"), "utf8")) as {
        confirmedBy: string | null;
      }
    ).confirmedBy;

  beforeAll(async () => {
    // An L1 whose clock is behind: the rollup, whose clock is not, catches up with hundreds of blocks at once.
    devnet = await startDevnet({ l1AgeSeconds: CHAIN_BLOCKS + 120, seqWindowSize: 3_000 });
    await devnet.anvil.call("anvil_mine", [quantity(L1_BLOCKS), quantity(1)]);
    sequencer = await devnet.node("sequencer", { ...settings(), ...sequencing() });
    const wallet = createWalletClient({
      account: privateKeyToAccount(ROLES.owner),
      transport: http(sequencer.rpc?.httpUrl),
    });
    await until(() => sequencer.engine.heads().unsafe.number > CHAIN_BLOCKS, 60_000);
    await wallet.sendTransaction({ to: MESSAGE_PASSER, value: parseEther("1"), chain: null, gas: 200_000n });
    const { number } = sequencer.engine.heads().unsafe;
    await until(() => sequencer.engine.heads().finalized.number > number + 2, 60_000);
    file = join(devnet.directory, "chain.snapshot");
    const dataDir = join(devnet.directory, "sequencer");
    info = (await giveOrder(dataDir, "snapshot", { path: file, block: "finalized" })) as SnapshotInfo;
  }, 180_000);
  afterAll(() => devnet?.close(), 60_000);

  it("of a running node is of a block that it holds final", async () => {
    expect(info.block.number).toBeGreaterThan(CHAIN_BLOCKS);
    expect(info.firstBlock).toBe(info.block.number - 256);
    const payload = await sequencer.engine.payloadByNumber(info.block.number);
    expect([info.block.hash, info.stateRoot]).toEqual([payload?.blockHash, payload?.stateRoot]);
    expect(info.messagePasserRoot).toBe(await sequencer.engine.messagePasserRoot(info.block.hash));
  });

  it("lets a follower join that goes on as one from genesis", async () => {
    const joined = await begin("joined", from(file));
    expect(joined.engine.heads().finalized).toEqual(info.block);
    const followed = await devnet.node("followed", settings());
    const number = await agreeOnSafe(joined, followed, info.block.number + 4, 120_000);
    expect(await agreeOnSafe(joined, sequencer, number)).toBeGreaterThanOrEqual(number);
    const asked: [string, unknown[]][] = [
      ["eth_getBlockByNumber", [quantity(number), true]],
      ["eth_getBlockByNumber", [quantity(info.firstBlock), true]],
      ["eth_getBlockByNumber", ["earliest", true]],
      ["eth_getBlockReceipts", [quantity(info.firstBlock)]],
      // The withdrawal was made before the snapshot's block.
      ["eth_getProof", [MESSAGE_PASSER, [quantity(0)], quantity(number)]],
      ["eth_getProof", [privateKeyToAccount(ROLES.owner).address, [], quantity(info.block.number)]],
      ["eth_getLogs", [{ fromBlock: quantity(info.firstBlock), toBlock: quantity(number) }]],
      ["eth_getBalance", [MESSAGE_PASSER, quantity(info.block.number)]],
      ["optimism_outputAtBlock", [quantity(number)]],
    ];
    for (const [method, params] of asked) {
      const [here, there] = [await ask(joined, method, params), await ask(followed, method, params)];
      expect(there, method).toHaveProperty("result");
      if (method !== "optimism_outputAtBlock") expect(here, method).toEqual(there);
      else expect(here.result).toMatchObject({ outputRoot: (there.result as { outputRoot: string }).outputRoot });
    }
    await until(async () => (await confirmedBy("joined")) === "batches", 30_000);
    const ready = await fetch(`${joined.metrics?.url}/readyz`);
    expect(await ready.json()).toMatchObject({ ok: true });
    await joined.close();
    await followed.close();
  }, 240_000);

  it("leaves out what lies before, and says so", async () => {
    const joined = await begin("joined", from(file));
    const before = info.firstBlock - 1;
    expect((await ask(joined, "eth_getBlockByNumber", [quantity(before), false])).error?.code).toBe(4444);
    const logs = await ask(joined, "eth_getLogs", [{ fromBlock: quantity(before), toBlock: "latest" }]);
    expect(logs.error?.code).toBe(4444);
    const balance = await ask(joined, "eth_getBalance", [MESSAGE_PASSER, quantity(info.block.number - 1)]);
    expect(balance.error?.message).toContain("no longer kept");
    await expect(joined.engine.payloadByNumber(before)).rejects.toMatchObject({ code: "STATE_BEFORE_SNAPSHOT" });
    await joined.close();
  }, 60_000);

  it("is confirmed by a dispute game that claims its block, or by the operator's word", async () => {
    await sequencer.close();
    sequencer = await devnet.node("sequencer", { ...settings(), ...sequencing(), ...proposing(devnet) });
    await until(() => (sequencer.proposer?.lastProposed ?? 0) > info.block.number, 60_000);
    const proposed = sequencer.proposer?.lastProposed ?? 0;
    const claimed = join(devnet.directory, "claimed.snapshot");
    const dataDir = join(devnet.directory, "sequencer");
    await giveOrder(dataDir, "snapshot", { path: claimed, block: proposed });
    const byGame = await begin("by-game", from(claimed));
    expect(await confirmedBy("by-game")).toBe("dispute-game");
    await byGame.close();
    const byWord = await begin("by-word", from(file, info.block.hash));
    expect(await confirmedBy("by-word")).toBe("operator");
    await byWord.close();
    const other: Promise<unknown> = begin("by-other-word", from(file, `0x${"11".repeat(32)}`));
    await expect(other).rejects.toMatchObject({ code: "SNAPSHOT_REFUTED" });
  }, 240_000);

  it("that the L1 does not confirm makes no sequencer", async () => {
    const config = { ...from(file), ...sequencing() };
    await expect(begin("second-sequencer", config)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("that is damaged is refused, and the directory stays free for a good one", async () => {
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    const damaged = join(devnet.directory, "damaged.snapshot");
    await writeFile(damaged, bytes);
    await expect(begin("repaired", from(damaged))).rejects.toMatchObject({ code: "STATE_SNAPSHOT" });
    await writeFile(damaged, bytes.subarray(0, bytes.length >> 1));
    await expect(begin("repaired", from(damaged))).rejects.toMatchObject({ code: "STATE_SNAPSHOT" });
    const repaired = await begin("repaired", from(file));
    expect(repaired.engine.heads().finalized).toEqual(info.block);
    await repaired.close();
  }, 60_000);

  it("is not made of what a reorg could drop", async () => {
    const dataDir = join(devnet.directory, "sequencer");
    const order = {
      path: join(devnet.directory, "early.snapshot"),
      block: sequencer.engine.heads().unsafe.number + 100,
    };
    const refusal = giveOrder(dataDir, "snapshot", order);
    await expect(refusal).rejects.toMatchObject({ code: "ADMIN_REFUSED", data: { code: "SNAPSHOT_UNAVAILABLE" } });
  });

  it("can be taken of a stopped node", async () => {
    const path = join(devnet.directory, "stopped.snapshot");
    const files = await loadNodeFiles(await devnet.configFile("repaired", settings()));
    await expect(giveOrder(files.config.dataDir, "snapshot", { path, block: "safe" })).rejects.toMatchObject({
      code: "ADMIN_UNREACHABLE",
    });
    const taken = await snapshotOfStopped({ ...files, path, block: "safe" }, { openEngine });
    expect(taken.block.number).toBeGreaterThanOrEqual(info.block.number);
    const next = await begin("next", from(path));
    expect(next.engine.heads().finalized).toEqual(taken.block);
    await next.close();
  }, 60_000);
});

describe("a snapshot of another chain", () => {
  let devnet: Devnet;
  afterAll(() => devnet?.close(), 60_000);

  it("is refuted by the L1's data", async () => {
    devnet = await startDevnet({ l1AgeSeconds: 60, seqWindowSize: 20 });
    const sequencer = await devnet.node("sequencer", sequencing());
    await until(() => sequencer.engine.heads().safe.number > BLOCKS + 5, 60_000);
    await devnet.anvil.mine(30);
    const payloads: ExecutionPayload[] = [];
    for (let number = 1; number <= BLOCKS; number++) {
      const payload = await sequencer.engine.payloadByNumber(number);
      if (payload) payloads.push(payload);
    }
    const forged = join(devnet.directory, "forged.snapshot");
    await forge(devnet, payloads, forged);
    const config: Partial<NodeConfigInput> = { snapshot: { file: forged }, metrics: { port: 0 } };
    const misled = await devnet.node("misled", config, { installSnapshot });
    await until(() => misled.driver?.status.phase === "stopped", 60_000);
    expect(misled.driver?.status.failure).toMatchObject({ code: "SNAPSHOT_REFUTED" });
    // The batch that reaches back before the forged block fits what it does not look at; the next one does not.
    const record = await readFile(join(devnet.directory, "misled", "snapshot.json"), "utf8");
    expect(JSON.parse(record)).toMatchObject({ number: BLOCKS, confirmedBy: null });
    const ready = await fetch(`${misled.metrics?.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(JSON.stringify(await ready.json())).toContain('"check":"snapshot"');
    await misled.close();
    // Nor after a restart.
    const again = await devnet.node("misled", config, { installSnapshot });
    await until(() => again.driver?.status.phase === "stopped", 60_000);
    await again.close();
  }, 150_000);
});
