import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ExecutionPayload, installSnapshot, type SnapshotInfo } from "@altlayer/engine";
import { MountainRange } from "@altlayer/protocol";
import { createWalletClient, type Hex, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, expect, it } from "vitest";
import { giveOrder } from "../src/admin/client.ts";
import type { RollupNode } from "../src/node/node.ts";
import { type Devnet, ROLES, sequencing, startDevnet } from "./support/devnet.ts";
import { freePort } from "./support/free-port.ts";
import { type MachDevnet, startMachDevnet } from "./support/mach.ts";
import { chain, fees, startNetwork } from "./support/mach-network.ts";
import { until } from "./support/until.ts";

const account = privateKeyToAccount(ROLES.owner);

let devnet: Devnet;
let mach: MachDevnet;
afterEach(async () => {
  await mach?.close();
  await devnet?.close();
}, 60_000);

it("has a sequencer that lost its disk fetch what is certified before it builds", async () => {
  devnet = await startDevnet({ blockTime: 1 });
  mach = await startMachDevnet(devnet);
  // Without a batcher, the L1 knows nothing of what is certified.
  const { config, sequencer, operators } = await startNetwork({ devnet, mach }, { sequencer: { confirmations: 0 } });
  const head = () => sequencer.mach?.branch.head?.certificate.message.core;
  const start = sequencer.engine.heads().unsafe.number;
  await until(() => (head()?.height ?? 0) > start + 3, 60_000);
  await sequencer.close();
  const certified = operators.flatMap(({ mach }) => mach?.branch.head?.certificate.message.core ?? []);
  const highest = certified.reduce((a, b) => (a.height >= b.height ? a : b));
  expect(highest.height).toBeGreaterThan(start);
  await rm(join(devnet.directory, "sequencer"), { recursive: true });

  const addresses = (of: (node: RollupNode) => readonly string[] | undefined) =>
    operators.flatMap((node) => of(node) ?? []);
  const again = await devnet.node("sequencer", {
    ...config,
    gossip: { peers: addresses((node) => node.gossip?.node.addresses) },
    mach: { ...mach.config, peers: addresses((node) => node.mach?.service.status().addresses) },
  });
  await until(() => again.engine.heads().unsafe.number > highest.height, 40_000);
  expect((await again.engine.payloadByNumber(highest.height))?.blockHash).toBe(highest.blockHash);
}, 180_000);

it("has a sequencer that lost its disk go on with a slice that is certified, also after all operators were restarted", async () => {
  // Long enough to lose the sequencer amid a block.
  devnet = await startDevnet({ blockTime: 4 });
  mach = await startMachDevnet(devnet);
  const flashblocks = { port: await freePort() };
  const { config, following, sequencer, operators, transport, certified } = await startNetwork(
    { devnet, mach },
    {
      sequencer: { confirmations: 0 },
      flashblocks,
    },
  );
  await until(async () => (await certified()) !== null, 180_000);
  const wallet = createWalletClient({ account, chain, transport });
  const sliceOnHead = () => {
    const { number, hash } = sequencer.engine.heads().unsafe;
    const records = sequencer.mach?.service.certificatesAt(number + 1) ?? [];
    const cores = records.map(({ certificate }) => certificate.message.core);
    return cores.findLast(({ blockHash, parentHash }) => Number(blockHash) === 0 && parentHash === hash);
  };
  let slice: ReturnType<typeof sliceOnHead>;
  const hashes: Hex[] = [];
  await until(async () => {
    slice = sliceOnHead();
    if (slice) return true;
    hashes.push(await wallet.sendTransaction({ to: account.address, value: 1n, nonce: hashes.length, ...fees }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  }, 60_000);
  await sequencer.close();
  // Certificates age by L1 blocks, and a development service's soon: starting everything again may take longer.
  await devnet.anvil.call("evm_setIntervalMining", [0]);
  const { height, parentHash, transactionCount, transactionRoot } = slice as NonNullable<typeof slice>;
  const followers = operators.map(({ engine }) => engine.heads().unsafe.hash);
  expect(followers).toContain(parentHash);
  await rm(join(devnet.directory, "sequencer"), { recursive: true });

  // What they hold of the block is on their disks: nobody remembers it.
  for (const operator of operators) await operator.close();
  const restarted: RollupNode[] = [];
  const addresses = (of: (node: RollupNode) => readonly string[] | undefined) =>
    restarted.flatMap((node) => of(node) ?? []);
  for (const i of operators.keys()) {
    const peers = { peers: addresses((node) => node.gossip?.node.addresses) };
    const config = {
      ...{ ...following, gossip: peers },
      mach: { ...mach.config, peers: addresses((node) => node.mach?.service.status().addresses) },
    };
    restarted.push(await devnet.node(`operator-${i}`, config, { machOperator: mach.operator(i) }));
  }
  const again = await devnet.node("sequencer", {
    ...config,
    gossip: { peers: addresses((node) => node.gossip?.node.addresses) },
    mach: { ...mach.config, peers: addresses((node) => node.mach?.service.status().addresses) },
  });
  await until(() => again.engine.heads().unsafe.number >= height, 90_000);
  await devnet.anvil.call("evm_setIntervalMining", [1]);
  const block = (await again.engine.payloadByNumber(height)) as ExecutionPayload;
  expect(block.parentHash).toBe(parentHash);
  const leaves = (await again.engine.transactionLeaves(block.blockHash)) ?? [];
  const range = new MountainRange({ keccak256: (bytes) => keccak256(bytes, "bytes") });
  for (const leaf of leaves) range.append(leaf);
  expect(range.size).toBeGreaterThanOrEqual(transactionCount);
  expect(range.root(transactionCount)).toBe(transactionRoot);
  // Operators signed the slice: they sign the block only if it goes on with it.
  await until(() => (again.mach?.branch.head?.certificate.message.core.height ?? 0) >= height, 120_000);
}, 480_000);

it("has an operator that began from a snapshot take the history from peers, under a certificate, and sign", async () => {
  devnet = await startDevnet({ blockTime: 1 });
  mach = await startMachDevnet(devnet);
  const { following, sequencer, operators, certified } = await startNetwork({ devnet, mach }, sequencing(), {
    operatorCount: 3,
  });
  await until(async () => (await certified()) !== null, 90_000);
  await until(() => sequencer.engine.heads().finalized.number > 2, 60_000);
  const path = join(devnet.directory, "chain.snapshot");
  const dataDir = join(devnet.directory, "sequencer");
  const { block } = (await giveOrder(dataDir, "snapshot", { path, block: "finalized" })) as SnapshotInfo;

  const peers = [sequencer, ...operators].flatMap((node) => node.mach?.service.status().addresses ?? []);
  const late = await devnet.node(
    "late",
    { ...following, mach: { ...mach.config, peers }, snapshot: { file: path, blockHash: block.hash } },
    { machOperator: mach.operator(3), installSnapshot },
  );
  const { service } = sequencer.mach as NonNullable<RollupNode["mach"]>;
  // The newest may not have its last signature yet.
  const signers = () => {
    const { height = 0 } = service.certificate("latest")?.certificate.message.core ?? {};
    return Math.max(
      ...[0, 1, 2, 3, 4].map((back) => service.certificate({ height: height - back })?.certificate.signers.length ?? 0),
    );
  };
  await until(() => signers() === 4, 240_000);
  const { chain } = late.mach as NonNullable<RollupNode["mach"]>;
  // It has no record from which to make the history, and has the one that all have.
  const record = await readFile(join(devnet.directory, "late", "mach-history"), "utf8");
  const { unknown, first } = JSON.parse(record.slice(0, record.lastIndexOf(" "))) as {
    readonly unknown: number;
    readonly first: { readonly height: number };
  };
  expect(unknown).toBeGreaterThan(0);
  const core = late.mach?.service.certificate("latest")?.certificate.message.core;
  await until(async () => {
    const newest = sequencer.mach?.service.certificate("latest")?.certificate.message.core;
    return newest !== undefined && (await chain.history.proof(newest, newest.height - 1)) !== null;
  }, 60_000);
  expect(core && (await chain.history.proof(core, first.height + 1))).toBeNull();
}, 420_000);
