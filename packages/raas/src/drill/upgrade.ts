import { join } from "node:path";
import { withLaterForks } from "@altlayer/deployer";
import type { RollupNode } from "@altlayer/rollup";
import {
  createPublicClient,
  decodeFunctionResult,
  encodeFunctionData,
  http,
  type PublicClient,
  pad,
  parseAbi,
} from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { getWithdrawals } from "viem/op-stack";
import { RaasError } from "../errors.ts";
import { forkStateOf } from "../forks/plan.ts";
import { isoOf, laterForksOf, titleOf, type Upgrade } from "../forks/schedule.ts";
import type { Network } from "../networks.ts";
import type { ChainFiles } from "../runtime/chain-files.ts";
import type { Hex } from "../spec/primitives.ts";
import type { RollupSpec } from "../spec/rollup-spec.ts";
import { startCopy } from "./copy-node.ts";
import type { Drill, DrillContext } from "./drill.ts";
import { snapshotFor, waitFor } from "./drill.ts";
import type { IsolatedL1 } from "./isolated-l1.ts";
import { payOut, withdrawalTo } from "./withdrawal.ts";
import { deposit } from "./without-sequencer.ts";

const SYSTEM_CONFIG = parseAbi([
  "function owner() view returns (address)",
  "function setBatcherHash(bytes32 batcherHash)",
]);
/** From the copy's start to the activation on it. */
const AHEAD_SECONDS = 10;
const COMPARED_MAX = 1_000;
/** Holocene's extra data: a version and two parameters. */
const HOLOCENE_EXTRA_DATA = /^0x00[0-9a-f]{16}$/;

/** What an upgrade of that rollup would activate: what is scheduled, or else all that it can be upgraded to. */
export function rehearsedForks(spec: RollupSpec, network: Network, nowMs: number): readonly Upgrade[] {
  const { scheduled, next } = forkStateOf(spec, network, nowMs);
  if (scheduled.length > 0) return scheduled.map(({ fork }) => fork);
  if (next === null) return [];
  return next === "holocene" && spec.forks.genesis === "fjord" && spec.forks.granite === undefined
    ? ["granite", "holocene"]
    : [next];
}

/**
 * The activation on a copy: a sequencer and a batcher with keys made for it go on from the rollup's safe head, under the
 * schedule with the activation in some seconds. A follower must derive the same blocks across it, and a withdrawal that
 * begins after it must be paid out.
 */
export const upgradeDrill: Drill = async (context) => {
  const { spec, network, step } = context;
  const forks = rehearsedForks(spec, network, Date.now());
  const names = forks.map(titleOf).join(" and ");
  const snapshot = await snapshotFor(context);
  const l1 = await step("Copy the settlement network", async (detail) => {
    const copy = await context.isolateL1();
    detail(`${network.name} as of block ${(await copy.head()).number}`);
    return copy;
  });
  const batcher = privateKeyToAccount(generatePrivateKey());
  await step("Name a throwaway batcher in the contracts, as the owner would", async (detail) => {
    const owner = await nameBatcher(l1, batcher.address, context);
    detail(`setBatcherHash by ${owner}`);
  });
  const nowMs = () => Date.now() + network.clockOffsetMs;
  const pace = new AbortController();
  const pacing = l1.keepPace(nowMs, pace.signal);
  // A copy whose time stands still makes nothing come: nobody waits for it.
  const lost = new AbortController();
  pacing.catch((error: unknown) => lost.abort(error));
  const signal = AbortSignal.any([context.signal, lost.signal]);
  context.atEnd(async () => {
    pace.abort();
    await pacing.catch(() => {});
  });
  const time = Math.max(Math.ceil(nowMs() / 1_000), (await l1.head()).timestamp) + AHEAD_SECONDS;
  const files = filesWith(context, forks, time);
  const start = (folder: string, producer?: { readonly batcher: typeof batcher }) =>
    startCopy(
      {
        directory: join(context.directory, folder),
        snapshot: { file: context.snapshots.path(context.rollup.id, snapshot.file), blockHash: snapshot.blockHash },
        files,
        network,
        l1Url: l1.url,
        trustL1: true,
        ...(producer === undefined ? {} : { producer }),
      },
      { log: context.log },
    );
  const producer = await step(`Start a copy that makes blocks, with ${names} at ${isoOf(time)}`, async (detail) => {
    const node = await start("producer", { batcher });
    context.atEnd(() => node.close());
    detail(`from block ${snapshot.blockNumber}, with keys made for it`);
    return node;
  });
  const first = await step("Make blocks across the activation", async (detail) => {
    await waitFor(
      "the activation",
      async () => (producer.engine.heads().unsafe.timestamp > time ? true : null),
      signal,
    );
    const block = await firstBlockAt(producer, time);
    await requireForms(producer, block, forks);
    detail(`block ${block} is the first under the new rules`);
    return block;
  });
  const user = privateKeyToAccount(generatePrivateKey());
  await l1.fund(user.address);
  const receiver = privateKeyToAccount(generatePrivateKey()).address;
  const { hash } = await deposit({ l1, user }, withdrawalTo(receiver), context);
  const l2 = createPublicClient({ transport: http(producer.rpc?.httpUrl), cacheTime: 0 }) as PublicClient;
  const { receipt, withdrawal } = await step("Withdraw after it", async (detail) => {
    const found = await waitFor(
      "the withdrawal on the rollup",
      async () => await l2.getTransactionReceipt({ hash }).catch(() => null),
      signal,
    );
    const [begun] = getWithdrawals(found);
    if (begun === undefined) throw new RaasError("DRILL_FAILED", "the message passer told of no withdrawal");
    detail(`in block ${found.blockNumber} of the copy`);
    return { receipt: found, withdrawal: begun };
  });
  const target = Math.max(Number(receipt.blockNumber), first + 1);
  const follower = await step("Derive the same from the settlement network alone", async (detail) => {
    const node = await start("follower");
    context.atEnd(() => node.close());
    await waitFor(
      `block ${target} of the follower`,
      async () => (node.engine.heads().safe.number >= target ? true : null),
      signal,
    );
    const compared = await compare(producer, node, {
      from: Math.max(snapshot.blockNumber, target - COMPARED_MAX + 1),
      target,
    });
    detail(`${compared} blocks up to ${target}, equal to the last bit`);
    return node;
  });
  await producer.close();
  pace.abort();
  await pacing;
  const client = createPublicClient({ transport: http(follower.rpc?.httpUrl), cacheTime: 0 }) as PublicClient;
  await payOut({ l1, node: follower, l2: client, user }, { withdrawal, receiver }, context);
  return `${names} activated on a copy at block ${first}: a follower derived the same blocks, and a withdrawal that began afterwards was paid out.`;
};

/** The schedule with the activation at that time; forks that are active already keep theirs. */
function filesWith({ spec, files }: DrillContext, forks: readonly Upgrade[], time: number): ChainFiles {
  const later = { ...laterForksOf(spec.forks), ...Object.fromEntries(forks.map((fork) => [fork, time])) };
  return withLaterForks(files, later);
}

async function nameBatcher(l1: IsolatedL1, batcher: Hex, { contracts }: DrillContext): Promise<Hex> {
  const to = contracts.SystemConfigProxy!;
  const abi = SYSTEM_CONFIG;
  const data = await l1.read({ to, data: encodeFunctionData({ abi, functionName: "owner" }) });
  const owner = decodeFunctionResult({ abi, functionName: "owner", data });
  const args = [pad(batcher)] as const;
  await l1.sendAs(owner, { to, data: encodeFunctionData({ abi, functionName: "setBatcherHash", args }) });
  await l1.fund(batcher);
  return owner;
}

/** By bisection would be quicker; the chain is seconds past that time. */
async function firstBlockAt({ engine }: RollupNode, time: number): Promise<number> {
  for (let number = engine.heads().unsafe.number; number > 0; number--) {
    const before = await engine.payloadByNumber(number - 1, { brief: true });
    if (before === null || Number(before.timestamp) < time) return number;
  }
  throw new RaasError("DRILL_FAILED", "the copy has no block before the activation");
}

/** Holocene shows in every header. @throws RaasError `DRILL_FAILED` */
async function requireForms({ engine }: RollupNode, first: number, forks: readonly Upgrade[]): Promise<void> {
  if (!forks.includes("holocene")) return;
  const [before, after] = await Promise.all([engine.payloadByNumber(first - 1), engine.payloadByNumber(first)]);
  if (before?.extraData === "0x" && HOLOCENE_EXTRA_DATA.test(after?.extraData ?? "")) return;
  throw new RaasError("DRILL_FAILED", `block ${first} should be the first of Holocene's form`, {
    details: { before: before?.extraData ?? null, after: after?.extraData ?? null },
  });
}

/** @returns how many blocks were compared. @throws RaasError `DRILL_FAILED` at the first that differs */
async function compare(
  producer: RollupNode,
  follower: RollupNode,
  { from, target }: { readonly from: number; readonly target: number },
): Promise<number> {
  for (let number = from; number <= target; number++) {
    const [made, derived] = await Promise.all([
      producer.engine.payloadByNumber(number, { brief: true }),
      follower.engine.payloadByNumber(number, { brief: true }),
    ]);
    if (made !== null && made?.blockHash === derived?.blockHash) continue;
    throw new RaasError("DRILL_FAILED", `block ${number} of the follower is not the one that was made`, {
      details: { number, made: made?.blockHash ?? null, derived: derived?.blockHash ?? null },
    });
  }
  return target - from + 1;
}
