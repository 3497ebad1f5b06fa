import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChainEvent, Executed } from "@altlayer/mach";
import {
  type Base,
  BLOCK,
  historyLeaf,
  MachDigests,
  MountainRange,
  type RollupConfig,
  rollupId,
  SLICE,
} from "@altlayer/protocol";
import { createWalletClient, defineChain, type Hex, http, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, it } from "vitest";
import type { RollupNode } from "../src/node/node.ts";
import { type Devnet, keyOf, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { type MachDevnet, startMachDevnet } from "./support/mach.ts";
import { until } from "./support/until.ts";

const keccakBytes = (bytes: Uint8Array) => keccak256(bytes, "bytes");
const RECEIVER: Hex = `0x${"a5".repeat(20)}`;
const chain = defineChain({
  id: 901,
  name: "devnet",
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [] } },
});

let devnet: Devnet;
let mach: MachDevnet;
afterEach(async () => {
  await mach?.close();
  await devnet?.close();
}, 60_000);

function record(node: RollupNode) {
  const events: ChainEvent[] = [];
  node.mach?.chain.follow((event) => events.push(event));
  const executed = () => events.flatMap((event) => (event.type === "executed" ? [event.executed] : []));
  return {
    blocks: () =>
      new Map(executed().flatMap((each) => (each.kind === BLOCK ? [[each.core.height, each] as const] : []))),
    slices: () => executed().filter(({ kind }) => kind === SLICE),
    bases: () =>
      new Map<number, Base>(
        events.flatMap((event) => (event.type === "base" ? [[event.base.epoch, event.base] as const] : [])),
      ),
    derived: () =>
      new Map(events.flatMap((event) => (event.type === "derived" ? [[event.height, event.blockHash] as const] : []))),
  };
}

function digestsOf(rollup: RollupConfig, avs: Hex): MachDigests {
  const systemConfig = rollup.l1SystemConfigAddress;
  const identity = { systemConfig, l2ChainId: rollup.l2ChainId, l2GenesisHash: rollup.genesis.l2.hash };
  const domain = { l1ChainId: rollup.l1ChainId, avs, operatorSetId: 0, rollupId: rollupId(identity, keccakBytes) };
  return new MachDigests(domain, { keccak256: keccakBytes });
}

it("tells every node the same cores, of slices and of blocks, on the same bases, and goes on after a restart", async () => {
  devnet = await startDevnet({ blockTime: 1 });
  mach = await startMachDevnet(devnet);
  const common = {
    mach: mach.config,
    l1: { ...devnet.l1, finality: { kind: "blocks", safeBlocks: 1, finalizedBlocks: 1 } as const },
  };
  const base = sequencing();
  const sequencer = await devnet.node("sequencer", {
    ...base,
    ...common,
    sequencer: { ...base.sequencer, signer: keyOf("owner") },
    flashblocks: { port: 0, markMs: 20 },
    gossip: {},
  });
  const gossip = { peers: [...(sequencer.gossip?.node.addresses ?? [])] };
  const following = { ...common, gossip, followSlices: `${sequencer.flashblocks?.url}/slices` };
  const follower = await devnet.node("follower", following);
  const own = record(sequencer);
  const followed = record(follower);
  const gossiped = record(await devnet.node("gossiper", { ...common, gossip }));

  const account = privateKeyToAccount(ROLES.owner);
  const wallet = createWalletClient({ account, chain, transport: http(sequencer.rpc?.httpUrl) });
  const fees = { gas: 21_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 6n };
  let nonce = 0;
  const sendWhile = async (going: () => boolean) => {
    for (const until = nonce + 500; going() && nonce < until; nonce++) {
      await wallet.sendTransaction({ to: RECEIVER, value: 1n, nonce, ...fees });
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  };
  await sendWhile(() =>
    [own, followed, gossiped].some(({ bases }) => ![...bases().values()].some((b) => b.height > 0)),
  );
  const head = sequencer.engine.heads().unsafe.number;
  await until(() => [own, followed, gossiped].every(({ blocks }) => blocks().has(head)), 20_000);

  // Every block's core is in the history of the next one's.
  const digests = digestsOf(devnet.rollup, mach.config.avs as Hex);
  const history = new MountainRange({ keccak256: keccakBytes });
  const first = own.bases().get(0)?.height ?? Number.NaN;
  for (let height = first + 1; height <= head; height++) {
    const { core, sequenced } = own.blocks().get(height) as Executed;
    expect([height, sequenced, core.historyRoot]).toEqual([height, true, history.root()]);
    history.append(historyLeaf(digests.core(core), keccakBytes));
    for (const { blocks } of [followed, gossiped]) {
      // Whoever comes late begins above what was settled by then.
      if (blocks().has(height)) expect(blocks().get(height)?.core).toEqual(core);
    }
  }
  expect(followed.blocks().get(head)?.sequenced).toBe(true);
  expect(gossiped.blocks().get(head)?.sequenced).toBe(true);
  for (const [epoch, each] of [...followed.bases(), ...gossiped.bases()]) {
    if (own.bases().has(epoch)) expect(own.bases().get(epoch)).toEqual(each);
  }
  for (const [height, blockHash] of followed.derived()) {
    if (own.blocks().has(height)) expect(own.blocks().get(height)?.core.blockHash).toBe(blockHash);
  }

  // Slices are prefixes of their blocks, and marked alike.
  const slices = followed.slices().filter(({ core }) => core.height <= head);
  expect(slices.length).toBeGreaterThan(5);
  for (const { core, marks, sequenced } of slices) {
    const block = own.blocks().get(core.height) as Executed;
    const range = new MountainRange({ keccak256: keccakBytes });
    for (const leaf of (await follower.mach?.chain.transactionLeaves(block.core.blockHash)) ?? []) range.append(leaf);
    const { transactionCount, transactionRoot, blockHash: _hash, outputRoot: _root, ...place } = core;
    expect(transactionRoot).toBe(range.root(transactionCount));
    expect(block.core).toMatchObject(place);
    expect([sequenced, marks.at(-1)]).toEqual([true, { count: transactionCount, root: transactionRoot }]);
    expect(block.marks).toContainEqual(marks.at(-1));
  }
  // Each node tells the newest point when it gets to it: what both told is the same.
  const pointOf = ({ core }: Executed) => `${core.parentHash} ${core.transactionCount}`;
  const told = new Map(own.slices().map((slice) => [pointOf(slice), slice.core] as const));
  const shared = slices.filter((slice) => told.has(pointOf(slice)));
  expect(shared.length).toBeGreaterThan(0);
  for (const slice of shared) expect(slice.core).toEqual(told.get(pointOf(slice)));

  // A restart goes on from the history on record; where the record is damaged, it is made again.
  const file = join(devnet.directory, "follower", "mach-history");
  await until(async () => (await readFile(file, "utf8").catch(() => "")).includes('"peaks":["0x'), 20_000);
  const goesOn = async (node: RollupNode) => {
    const again = record(node);
    const height = sequencer.engine.heads().unsafe.number + 1;
    await until(() => again.blocks().has(height) && own.blocks().has(height), 20_000);
    expect(again.blocks().get(height)?.core).toEqual(own.blocks().get(height)?.core);
    expect(again.blocks().has(first + 1)).toBe(false);
    await node.close();
  };
  await follower.close();
  await goesOn(await devnet.node("follower", following));
  const kept = await readFile(file, "utf8");
  await writeFile(file, kept.replace('"peaks":["0x', '"peaks":["0x0'));
  await goesOn(await devnet.node("follower", following));
}, 120_000);
