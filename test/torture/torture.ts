import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { startAnvilL1 } from "../stock/anvil.ts";
import { deployTestChain, KEYS, type TestChain, withDirectory } from "../stock/chain.ts";
import { freePort } from "../stock/program.ts";
import { TortureError } from "./errors.ts";
import { type Acknowledged, Sender } from "./load.ts";
import { type NodeProcess, startNode, writeNodeConfig } from "./node-process.ts";
import { Random } from "./random.ts";
import type { Block, Hex, Receipt } from "./rpc.ts";
import { ask, blockParameter, call } from "./rpc.ts";
import { Witness } from "./witness.ts";

const SETTLE_TIMEOUT_MS = 120_000;
const POLL_MS = 200;
/** Accounts that the chain's genesis funds. */
const SENDERS = ["owner", "proposer", "challenger", "signer", "user"] as const;

export interface TortureOptions {
  readonly kills: number;
  /** Decides when to kill and what the clients send. */
  readonly seed: number;
  /** Where batches go on the L1. */
  readonly dataAvailability: "calldata" | "blobs";
  readonly onProgress?: (text: string) => void;
}

export interface TortureReport {
  readonly seed: number;
  readonly dataAvailability: "calldata" | "blobs";
  readonly kills: number;
  /** Of them: before the node served again, that is, in the middle of a recovery. */
  readonly killsDuringBoot: number;
  /** Transactions whose hash or receipt came back. */
  readonly acknowledged: number;
  readonly withReceipt: number;
  /** Blocks that were served, and that a follower derived from L1 with the same hashes. */
  readonly blocks: number;
  /** From the start of the process to its first answer, in milliseconds. */
  readonly recoveryMs: { readonly p50: number; readonly max: number };
}

/**
 * A sequencer with its batcher on a development L1 that survives, under load from clients, killed without warning at random
 * moments, its boots included. Throws when a promise is broken; docs/promises.md lists them.
 */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const l1 = await startAnvilL1({ hardfork: "prague" });
  try {
    return await withDirectory(async (directory) => {
      const access = { rpcUrl: l1.url, privateKey: KEYS.owner.key };
      // A machine under load must not look like a batcher that misses the sequencing window.
      const chain = await deployTestChain({ l1: access, fork: "holocene", seqWindowSize: 10_000 });
      return await run(options, { directory, l1Url: l1.url, chain });
    });
  } finally {
    await l1.stop();
  }
}

interface Stage {
  readonly directory: string;
  readonly l1Url: string;
  readonly chain: TestChain;
}

async function run(options: TortureOptions, { directory, l1Url, chain }: Stage): Promise<TortureReport> {
  const random = new Random(options.seed);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { dataAvailability } = options;
  const stage = { directory, chain, l1Url, dataAvailability };
  const configFile = await writeNodeConfig({ ...stage, name: "sequencer", port, sequencer: true });
  const senders = SENDERS.map(
    (role, index) =>
      new Sender(
        { url, chainId: chain.config.l2ChainId },
        { account: privateKeyToAccount(KEYS[role].key), random: new Random(options.seed + 1 + index) },
      ),
  );
  const witness = new Witness({ url });
  const stop = new AbortController();
  const recoveriesMs: number[] = [];
  let node = startNode(configFile);
  let follower: NodeProcess | undefined;
  try {
    await node.ready;
    const background = Promise.all([witness.run(stop.signal), ...senders.map((sender) => sender.run(stop.signal))]);
    // What a promise's breach rejects must end the run, not only the background.
    const killing = killRepeatedly({ ...options, configFile, first: node }, { random, signal: stop.signal });
    const broken = background.then(() => new Promise<never>(() => {}));
    const outcome = await Promise.race([killing, broken]);
    node = outcome.node;
    recoveriesMs.push(...outcome.recoveriesMs);
    stop.abort();
    await background;

    const acknowledged = senders.flatMap((sender) => sender.acknowledged);
    options.onProgress?.(`${acknowledged.length} transactions acknowledged; looking for each`);
    await checkTransactions(url, acknowledged);
    await checkNonces(url, senders);
    const last = await checkServed(url, witness);
    options.onProgress?.(`${last + 1} blocks; a follower derives them from L1`);
    const followerPort = await freePort();
    const followerConfig = await writeNodeConfig({ ...stage, name: "follower", port: followerPort, sequencer: false });
    follower = startNode(followerConfig);
    await follower.ready;
    await checkFollower(`http://127.0.0.1:${followerPort}`, { witness, last });
    const sorted = recoveriesMs.toSorted((a, b) => a - b);
    return {
      seed: options.seed,
      dataAvailability,
      kills: options.kills,
      killsDuringBoot: outcome.killsDuringBoot,
      acknowledged: acknowledged.length,
      withReceipt: acknowledged.filter(({ receipt }) => receipt !== undefined).length,
      blocks: last + 1,
      recoveryMs: { p50: Math.round(sorted[sorted.length >> 1] ?? 0), max: Math.round(sorted.at(-1) ?? 0) },
    };
  } finally {
    stop.abort();
    await Promise.all([node.kill(), follower?.kill()]);
  }
}

/** Kills and restarts; resolves with the last node, which serves. */
async function killRepeatedly(
  options: TortureOptions & { readonly configFile: string; readonly first: NodeProcess },
  { random, signal }: { readonly random: Random; readonly signal: AbortSignal },
) {
  const recoveriesMs: number[] = [];
  let killsDuringBoot = 0;
  let node = options.first;
  for (let kill = 1; kill <= options.kills && !signal.aborted; kill++) {
    const bootMs = recoveriesMs.at(-1) ?? 1_000;
    // A third of the kills falls into a boot, at its very beginning or shortly before it is done.
    const duringBoot = kill > 1 && random.below(3) === 0;
    if (duringBoot) {
      await sleep(random.next() * 1.1 * bootMs);
    } else {
      recoveriesMs.push(await node.ready);
      await sleep(random.below(4) === 0 ? random.below(50) : random.below(2_500));
    }
    if (node.endedByItself()) throw new TortureError("NODE_ENDED", `the node ended by itself\n${node.log()}`);
    if (!node.serves()) killsDuringBoot++;
    await node.kill();
    if (kill % 10 === 0) options.onProgress?.(`${kill} kills`);
    node = startNode(options.configFile);
  }
  recoveriesMs.push(await node.ready);
  return { node, recoveriesMs, killsDuringBoot };
}

/** Each acknowledged transaction is in a block, and a receipt that was given stands. */
async function checkTransactions(url: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (const { hash, sender, nonce, receipt } of acknowledged) {
    let found = await call<Receipt | null>(url, "eth_getTransactionReceipt", [hash]);
    while (!isSealed(found)) {
      if (performance.now() > deadline) {
        const what = `transaction ${hash} (${sender}, nonce ${nonce}) was acknowledged and is in no block`;
        throw new TortureError("PROMISE_BROKEN", `${what}: ${await situation(url, hash, sender)}`);
      }
      await sleep(POLL_MS);
      found = await call<Receipt | null>(url, "eth_getTransactionReceipt", [hash]);
    }
    if (found?.status !== "0x1") throw new TortureError("PROMISE_BROKEN", `${hash} failed: ${JSON.stringify(found)}`);
    if (receipt === undefined) continue;
    const same =
      receipt.transactionHash === hash &&
      receipt.status === found.status &&
      (!isSealed(receipt) || receipt.blockHash === found.blockHash);
    if (!same)
      throw new TortureError(
        "PROMISE_BROKEN",
        `the receipt of ${hash} was ${JSON.stringify(receipt)} and is ${JSON.stringify(found)}`,
      );
  }
}

/** What a report of a lost transaction should say. */
async function situation(url: string, hash: Hex, sender: Hex): Promise<string> {
  const questions: readonly [string, readonly unknown[]][] = [
    ["eth_getTransactionByHash", [hash]],
    ["eth_getTransactionCount", [sender, "latest"]],
    ["eth_getTransactionCount", [sender, "pending"]],
    ["txpool_status", []],
    ["optimism_syncStatus", []],
  ];
  const answers = [];
  for (const [method, params] of questions) answers.push(`${method} ${JSON.stringify(await ask(url, method, params))}`);
  return answers.join("; ");
}

/** A receipt from an open block does not know the block's hash. */
const isSealed = (receipt: Receipt | null) =>
  receipt !== null && receipt.blockHash !== null && !/^0x0*$/.test(receipt.blockHash);

/** No nonce was skipped or taken twice: each account stands where its client does, or one further. */
async function checkNonces(url: string, senders: readonly Sender[]): Promise<void> {
  for (const { address, nonce } of senders) {
    const found = Number(await call<Hex>(url, "eth_getTransactionCount", [address, "latest"]));
    // The last one may have been taken although its answer did not arrive.
    if (found !== nonce && found !== nonce + 1)
      throw new TortureError("PROMISE_BROKEN", `${address} has nonce ${found}, its client is at ${nonce}`);
  }
}

/** Blocks that were served are still the chain's. Returns the newest. */
async function checkServed(url: string, witness: Witness): Promise<number> {
  await witness.look();
  for (const [number, hash] of witness.hashes.entries()) {
    const block = await call<Block | null>(url, "eth_getBlockByNumber", [blockParameter(number), false]);
    if (hash !== undefined && block?.hash !== hash)
      throw new TortureError("PROMISE_BROKEN", `block ${number} was served as ${hash} and is ${block?.hash ?? "gone"}`);
  }
  return witness.hashes.length - 1;
}

/** A node that has only the L1 comes to the same chain, hash for hash. */
async function checkFollower(url: string, { witness, last }: { witness: Witness; last: number }): Promise<void> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  const safe = async () => Number((await call<Block>(url, "eth_getBlockByNumber", ["safe", false])).number);
  for (let reached = await safe(); reached < last; reached = await safe()) {
    if (performance.now() > deadline)
      throw new TortureError("PROMISE_BROKEN", `L1 holds the chain only up to block ${reached} of ${last}`);
    await sleep(POLL_MS);
  }
  for (const [number, hash] of witness.hashes.entries()) {
    const block = await call<Block | null>(url, "eth_getBlockByNumber", [blockParameter(number), false]);
    if (hash !== undefined && block?.hash !== hash)
      throw new TortureError("PROMISE_BROKEN", `block ${number} is ${hash}; from L1 it is ${block?.hash ?? "missing"}`);
  }
}
