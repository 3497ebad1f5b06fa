import { createWalletClient, type Hex, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { RollupNode } from "../../src/node/node.ts";
import { agreeOnSafe, type Devnet, ROLES, sequencing, startDevnet } from "../support/devnet.ts";
import { type L1Proxy, startL1Proxy } from "../support/l1-proxy.ts";
import { ShiftedClock } from "../support/shifted-clock.ts";
import { until } from "../support/until.ts";
import { injectorOf, type Plan } from "./plan.ts";

export interface SwarmReport {
  readonly seed: number;
  /** How often each fault was really met. */
  readonly met: ReadonlyMap<string, number>;
  readonly transactions: number;
  readonly safe: number;
}

const RECEIVER = "0x00000000000000000000000000000000005a4312";
const RECOVERY_MS = 120_000;

/**
 * Runs a sequencer with batcher and a follower, each on its own faulty way to one real L1, while a user sends. Two
 * phases: under faults no safe head may be wrong and every transaction must be taken; then all is healed, and both
 * must agree on a safe chain that holds every transaction. Throws what broke.
 */
export async function runSwarm(plan: Plan): Promise<SwarmReport> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    return await play(plan, closers);
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

async function play(plan: Plan, closers: (() => Promise<unknown>)[]): Promise<SwarmReport> {
  const devnet = await startDevnet({ fork: plan.fork });
  closers.push(() => devnet.close());
  const met = new Map<string, number>();
  const count = (fault: string) => met.set(fault, (met.get(fault) ?? 0) + 1);
  const behindProxy = async (): Promise<{ proxies: readonly L1Proxy[]; l1: Devnet["l1"] }> => {
    const rpc = await startL1Proxy(devnet.anvil.url);
    const beacon = await startL1Proxy(devnet.beacon.url);
    closers.push(
      () => rpc.close(),
      () => beacon.close(),
    );
    const l1 = { ...devnet.l1, url: rpc.url, beacon: { urls: [beacon.url] }, timeoutMs: 1_500, attempts: 2 };
    return { proxies: [rpc, beacon], l1 };
  };
  const [mine, theirs] = [await behindProxy(), await behindProxy()];
  const clock = new ShiftedClock();
  const settings = sequencing({
    dataAvailability: plan.dataAvailability,
    batches: plan.batches,
    maxChannelMs: 700,
    transactions: { resubmissionMs: 3_000 },
  });
  const sequencer = await devnet.node("sequencer", { ...settings, l1: mine.l1 }, { clock });
  const follower = await devnet.node("follower", { l1: theirs.l1 });

  const user = startUser(sequencer);
  closers.push(() => user.stop());
  /** Safe blocks that were seen since the L1's last reorg: none of them may ever change. */
  const seen = new Map<number, Hex>();
  for (const phase of plan.phases) {
    if (phase.l1?.kind === "reorg") {
      seen.clear();
      await reorg(devnet, phase.l1.depth);
      count("reorg");
    }
    if (phase.clockShiftMs !== 0) count("clock");
    clock.shiftMs = phase.clockShiftMs;
    for (const proxy of mine.proxies) proxy.inject(phase.sequencer && injectorOf(phase.sequencer, count));
    for (const proxy of theirs.proxies) proxy.inject(phase.follower && injectorOf(phase.follower, count));
    if (phase.l1?.kind === "freeze") {
      devnet.anvil.freeze();
      count("freeze");
    }
    await new Promise((resolve) => setTimeout(resolve, phase.durationMs));
    devnet.anvil.thaw();
    if (phase.l1?.kind !== "reorg") {
      for (const node of [sequencer, follower]) {
        const { safe } = node.engine.heads();
        if (safe.number > 0) seen.set(safe.number, safe.hash);
      }
    }
  }

  for (const proxy of [...mine.proxies, ...theirs.proxies]) proxy.inject(null);
  clock.shiftMs = 0;
  await user.stop();
  await until(() => sequencer.engine.heads().unsafe.number >= 3, RECOVERY_MS);
  const target = sequencer.engine.heads().unsafe.number + 2;
  const safe = await agreeOnSafe(sequencer, follower, target, RECOVERY_MS);
  for (const [number, hash] of seen) {
    const now = (await follower.engine.payloadByNumber(number))?.blockHash;
    if (now !== hash) throw new TypeError(`safe block ${number} was ${hash} and is ${now}`);
  }
  await requireIncluded([sequencer, follower], user.sent);
  return { seed: plan.seed, met, transactions: user.sent.length, safe };
}

/** An L1 reorg that drops the transactions of the replaced blocks for good; the L1's clock goes on. */
async function reorg(devnet: Devnet, depth: number): Promise<void> {
  const height = Number(await devnet.anvil.call<Hex>("eth_blockNumber"));
  // Not below the block that the rollup starts after: that would be another L1.
  const possible = Math.min(depth, height - devnet.rollup.genesis.l1.number - 1);
  if (possible < 1) return;
  await devnet.anvil.call("anvil_reorg", [possible, []]);
  await devnet.anvil.call("evm_setTime", [Math.floor(Date.now() / 1000)]);
}

function startUser(node: RollupNode): { readonly sent: readonly Hex[]; stop(): Promise<void> } {
  const wallet = createWalletClient({
    account: privateKeyToAccount(ROLES.owner),
    transport: http(node.rpc?.httpUrl ?? ""),
  });
  const sent: Hex[] = [];
  let stopped = false;
  const work = (async () => {
    for (let nonce = 0; !stopped; nonce++) {
      const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
      sent.push(await wallet.sendTransaction({ to: RECEIVER, value: 1n, chain: null, nonce, ...fees }));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  // Told where it is awaited.
  work.catch(() => {});
  return {
    sent,
    stop: async () => {
      stopped = true;
      await work;
    },
  };
}

async function requireIncluded(nodes: readonly RollupNode[], hashes: readonly Hex[]): Promise<void> {
  for (const node of nodes) {
    for (const hash of hashes) {
      const receipt = await node.engine.query("eth_getTransactionReceipt", JSON.stringify([hash]));
      if (receipt === "null") throw new TypeError(`transaction ${hash} is in no block`);
    }
    const balance = await node.engine.query("eth_getBalance", JSON.stringify([RECEIVER, "safe"]));
    if (BigInt(JSON.parse(balance) as Hex) !== BigInt(hashes.length)) throw new TypeError(`balance is ${balance}`);
  }
}
